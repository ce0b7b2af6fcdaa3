/* bench.h - how the bench measures: instructions of one operation, many times, the middle value. */
#pragma once
#include "component.h"

#define SAMPLES 33
#define WARM 4

struct samples {
	u64 count;
	u64 values[SAMPLES];
};

void samples_add(struct samples *samples, u64 value);
u64 samples_middle(struct samples *samples);
u64 measuring_cost(void); /* instructions between two readings of the counter with nothing between them */
void row(const char *name, u64 value);
void expect(u64 status, const char *what); /* ends the bench when an operation did not work */

void bench_kernel(void);
void bench_files(void);
void bench_yielder(void); /* body of the second thread */
