/* console.h - constants of the console protocol (console.sys). */
#pragma once

#define CONSOLE_LINES 0ul /* whole lines, each with its line feed; the console echoes and lets the user correct */
#define CONSOLE_RAW 1ul   /* each byte as it comes, no echo */
