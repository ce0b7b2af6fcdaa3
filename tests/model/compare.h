/* compare.h - whether the kernel's state is the one that the model says. */
#pragma once
#include "machine.h"

/* What differs, in words; NULL if nothing does. */
const char *compare(const struct model *m);
/* How many slots of the kernel table are looked at: worlds use the first ones only. */
extern u32 compare_kernel_slots;
/* A new state that does not follow from the one compared before. */
void compare_reset(void);
/* The kernel's number of a model's object or thread. */
u32 kernel_object(const struct model *m, u16 object);
u32 kernel_thread(const struct model *m, u16 thread);
