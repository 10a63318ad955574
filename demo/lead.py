"""Plays the lead of the demonstration through the command line, as a person would: starts the sessions, empties the
docket, reviews, approves and lands. With DEMO=auto it decides by itself, else it asks at the terminal."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
TASKS = ["playback", "search", "error-handling", "tests"]
AUTO = os.environ.get("DEMO") == "auto"
KEEP = os.environ.get("KEEP") == "1"
AGENT = os.environ.get("AGENT", "rehearsal")
LIMIT_S = int(os.environ.get("DEMO_LIMIT", "180" if AUTO else "7200"))
LOOK_S = 0.3

# What the lead says when it decides by itself, by a word of the question.
ANSWERS = {"seeking beyond": "clamp", "twice": "yes", "wants to run": "allow"}
GATE_ADVICE = "The gate failed: make check does not pass on your branch. Run it, repair what it shows, and commit."


class Demo(Exception):
    """Something went differently than it must."""


def say(text=""):
    print(text, flush=True)


def headline(text):
    say(f"\n\033[1m== {text}\033[0m" if sys.stdout.isatty() else f"\n== {text}")


def muster(*args, check=True, show=False):
    """Runs a verb. show: as a person would see it."""
    if show:
        say(f"$ muster {' '.join(args)}")
    done = subprocess.run(["muster", *args], text=True, capture_output=not show, check=False)
    if check and done.returncode != 0:
        raise Demo(f"muster {' '.join(args)}: exit status {done.returncode}\n{done.stderr or ''}".strip())
    return done


def ask_muster(*args):
    return json.loads(muster(*args, "--json").stdout)


class Lead:
    def __init__(self, home):
        self.repo = home / "jukebox"
        self.tasks = home / "tasks"
        self.sent_back = {}  # session -> the commit that the gate has refused
        self.landed = []
        self.caught = []
        self.answers = 0
        self.skipped = set()  # items that the person has put off

    # ---- start ----

    def task_file(self, name):
        """The brief, for the agent of this run."""
        text = (HERE / "tasks" / f"{name}.md").read_text()
        head = f"---\nagent: {AGENT}\n"
        if AGENT == "rehearsal":
            head += f"options: {{script: {json.dumps(str(HERE / 'scripts' / (name + '.yaml')))}}}\n"
        path = self.tasks / f"{name}.md"
        path.write_text(head + text.removeprefix("---\n"))
        return str(path)

    def start(self):
        headline("A small C repository with tests")
        subprocess.run([HERE / "make-repo.sh", self.repo], check=True)
        os.chdir(self.repo)
        subprocess.run(["git", "log", "--oneline", "--stat"], check=True, env={**os.environ, "GIT_PAGER": "cat"})
        if AGENT == "rehearsal":
            say("\nThe agents are rehearsals: they play scripts (demo/scripts). AGENT=claude uses the real one.")
        headline("Four sessions, each with its brief, its scope and its worktree")
        self.tasks.mkdir()
        for name in TASKS:
            muster("start", "--task", self.task_file(name), show=True)
        muster("ls", show=True)

    # ---- the docket ----

    def choose(self, item):
        """The answer to a permission or question: the key of an option, or text; None puts it off."""
        options = [option["key"] for option in item["options"] or []]
        if AUTO:
            known = [key for word, key in ANSWERS.items() if word in item["title"]]
            return known[0] if known else options[0] if options else "Go on as you think best."
        muster("docket", show=True)
        shown = f"[{'/'.join(options)}] " if options else ""
        return input(f"\nyour answer to #{item['id']} {shown}(empty: later) > ").strip() or None

    def answer(self, item):
        choice = self.choose(item)
        if choice is None:
            self.skipped.add(item["id"])
            return
        if AUTO:
            say(f"#{item['id']} {item['session_name']}: {item['title']}")
        if muster("answer", str(item["id"]), choice, check=False, show=True).returncode == 0:
            self.answers += 1

    def empty_docket(self):
        open_items = ask_muster("docket")["items"]
        for item in open_items:
            if item["kind"] in ("permission", "question") and item["id"] not in self.skipped:
                self.answer(item)
                return
            if item["kind"] == "failure":
                raise Demo(f"{item['session_name']}: {item['title']}")
        self.skipped.clear()

    # ---- review and landing ----

    def tip(self, name):
        done = subprocess.run(["git", "rev-parse", f"refs/heads/muster/{name}"], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def is_ready(self, session):
        ends = ("done",) if AGENT == "rehearsal" else ("done", "idle")
        name = session["name"]
        if name in self.landed or session["state"] not in ends or session["items_blocking"]:
            return False
        tip = self.tip(name)
        return tip not in (session["base"], self.sent_back.get(name))

    def agrees(self, name):
        if AUTO:
            return True
        return input(f"\napprove and land {name}? [Y/n] > ").strip().lower() in ("", "y", "yes")

    def land(self, name):
        headline(f"{name} says that it is done")
        muster("review", name, *(["--stat"] if AUTO else []), show=True)
        if not self.agrees(name):
            text = input("what shall it change? > ").strip()
            self.sent_back[name] = self.tip(name)
            if text:
                muster("return", name, text, show=True)
            return
        muster("approve", name, show=True)
        if muster("land", name, check=False, show=True).returncode == 0:
            self.landed.append(name)
            return
        why = [entry["why"] for entry in ask_muster("queue", "--all")["landings"] if entry["session_name"] == name]
        self.caught.append(f"{name}: {why[-1] if why else 'did not land'}")
        self.sent_back[name] = self.tip(name)
        say("The target branch is as it was. Back to the agent:")
        muster("return", name, GATE_ADVICE, show=True)

    def lead(self):
        headline("The docket fills")
        end = time.monotonic() + LIMIT_S
        while len(self.landed) < len(TASKS):
            if time.monotonic() > end:
                muster("ls", check=False, show=True)
                muster("docket", check=False, show=True)
                raise Demo(f"not all have landed within {LIMIT_S} s")
            self.empty_docket()
            waiting = {item["session_name"] for item in ask_muster("docket")["items"] if item["blocking"]}
            for session in ask_muster("ls")["sessions"]:
                session["items_blocking"] = session["name"] in waiting
                if session["state"] == "failed":
                    raise Demo(f"{session['name']} failed: {session['why']}")
                if self.is_ready(session):
                    self.land(session["name"])
            time.sleep(LOOK_S)

    # ---- the end ----

    def finish(self):
        headline("One left a job running: to end it takes a word")
        for name in TASKS:
            jobs = [job["name"] for job in ask_muster("job", "ls", name)["jobs"] if job["state"] != "exited"]
            if jobs and muster("stop", name, check=False, show=True).returncode != 3:
                raise Demo(f"{name} was stopped together with its jobs {jobs}, unasked")
            muster("stop", name, "--jobs", show=True)
            muster("rm", name, show=True)

    def summary(self):
        headline("What happened")
        log = subprocess.run(["git", "log", "--oneline", "--first-parent", "main"], text=True, capture_output=True, check=True)
        say(f"landed:              {', '.join(self.landed) or 'nothing'}")
        say("the gate caught:     " + ("; ".join(self.caught) or "nothing"))
        say(f"the lead:            {self.answers} answers, {len(self.landed) + len(self.caught)} reviews, "
            f"{len(self.caught)} sent back")
        say("main:\n" + "".join(f"  {line}\n" for line in log.stdout.splitlines()))

    def check(self):
        subprocess.run(["make", "-s", "check"], check=True, stdout=subprocess.DEVNULL)
        status = subprocess.run(["git", "status", "--porcelain"], text=True, capture_output=True, check=True).stdout
        if status:
            raise Demo(f"the checkout is not clean:\n{status}")
        if AGENT == "rehearsal" and not self.caught:
            raise Demo("the gate has caught nothing")


def processes_of(home):
    """Whatever still runs with this state."""
    mark = f"MUSTER_HOME={home}\0".encode()
    found = []
    for proc in Path("/proc").iterdir():
        try:
            if proc.name.isdigit() and int(proc.name) != os.getpid() and mark in (proc / "environ").read_bytes() + b"\0":
                found.append((int(proc.name), (proc / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")))
        except OSError:
            continue
    return found


def clean_up(home, state):
    """Ends what runs and deletes all; returns what was left although it must not be."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C must not leave half of it behind
    if KEEP:
        say(f"kept: {home}   (MUSTER_HOME={state} muster ls)")
        return []
    muster("daemon", "stop", check=False)
    end = time.monotonic() + 10
    while (left := processes_of(state)) and time.monotonic() < end:
        time.sleep(0.1)
    for pid, _ in left:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    os.chdir("/")
    shutil.rmtree(home)
    return left


def main():
    home = Path(os.environ.get("DEMO_DIR") or tempfile.mkdtemp(prefix="muster-demo-")).resolve()
    home.mkdir(parents=True, exist_ok=True)
    if (home / "jukebox").exists():
        sys.exit(f"demo: {home} has a demonstration in it already; delete it first")
    state = home / "state"
    state.mkdir(mode=0o700)
    os.environ["MUSTER_HOME"] = str(state)
    for number in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    lead, failure = Lead(home), None
    try:
        lead.start()
        lead.lead()
        lead.finish()
        lead.check()
    except (Demo, subprocess.CalledProcessError) as err:
        failure = err
    except (KeyboardInterrupt, EOFError):
        failure = "interrupted"
    if lead.repo.is_dir():
        lead.summary()
    left = clean_up(home, state)
    if left and not failure:
        failure = f"processes were left: {left}"
    if failure:
        sys.exit(f"demo: {failure}")
    say("everything landed; nothing is left behind" if not KEEP else "everything landed")


if __name__ == "__main__":
    main()
