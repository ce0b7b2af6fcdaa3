/* component.h - the runtime's functions that the file server uses, for its host test. */
#pragma once
#include "../../../kernel/abi.h"
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

void print(const char *pattern, ...) __attribute__((format(printf, 1, 2)));
u64 clock_ticks(void);
void init(void);
void notified(u64 bits);
