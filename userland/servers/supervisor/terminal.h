/* terminal.h - which components the user needs to reach the supervisor at all. */
#pragma once
#include "component.h"

/* True for a client of the supervisor (the shell) and for what carries its terminal (console, UART driver). */
bool terminal_needs(const char *name);
