/* bench_idle.h - what the rounds that bench_idle counts are worth. */
#pragma once

#define BENCH_IDLE_LOOP 4ul /* instructions a round */
