/* How many columns a character takes. */
#ifndef TERM_WIDTH_H
#define TERM_WIDTH_H

#include <stdint.h>

/* 0 for marks that join the character before them, 2 for East Asian wide characters and emoji, else 1. For code
 * points from U+00A0 on; ASCII is always 1. */
int width_of(uint32_t cp);

#endif
