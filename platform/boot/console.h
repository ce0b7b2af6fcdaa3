/* console - text through the firmware, for the one line of a good start and the one sentence of a bad one. */
#pragma once

#include "abi.h"

void console_text(const char *text);
void console_decimal(u64 number);
void console_hexadecimal(u64 number);
/* Switches the machine off; where the firmware cannot, waits for ever. */
_Noreturn void console_stop(void);
