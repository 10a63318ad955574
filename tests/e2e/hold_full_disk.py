"""test_hold.py, test_full_disk: runs on a disk of 4 MiB of its own. Arguments: the holder, MUSTER_HOME."""

import os
import sys

from holdclient import Holder

holder = Holder(sys.argv[1], sys.argv[2])
code, said = holder.start()
assert code == 0, said
c = holder.client()
c.follow()
c.spawn([sys.executable, "-c", "import sys\nfor i in range(8): sys.stdout.write('x' * (1 << 20))\nsys.exit(6)"])
# The program is not held up, and what it wrote beyond the disk's end is announced. Facts wait in memory.
c.wait(lambda: c.output_at == 8 << 20)
assert c.gaps, "nothing was lost?"
mail = holder.mail()
mail.send("z" * 200000)
assert mail.read() == "-full"
names = sorted(f for f in os.listdir(holder.folder) if f.startswith("output.0"))
os.unlink(f"{holder.folder}/{names[0]}")
assert os.waitstatus_to_exitcode(c.event("EXITED")[1]) == 6
assert c.event("OUTPUT_LOST")[1] == 8 << 20
mail.send("{}")
assert mail.read().startswith("+")
c.spawn(["echo", "again"], generation=2)
c.wait(lambda: b"again" in c.output)
