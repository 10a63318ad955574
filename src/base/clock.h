/* Time, through one place that a test can take over. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* Milliseconds since 1970, UTC. It may jump: for records and display, never for intervals. */
int64_t clock_wall_ms(void);

/* Milliseconds on a clock that never jumps and counts suspended time: for intervals and time limits. */
int64_t clock_mono_ms(void);

/* From now on both clocks stand still at these values, until clock_real(). Tests only. */
void clock_fake(int64_t wall_ms, int64_t mono_ms);
void clock_real(void);

#endif
