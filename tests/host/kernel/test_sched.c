/* test_sched.c - x. */
#include "world.h"
const struct test sched_tests[] = { { NULL, NULL } };
