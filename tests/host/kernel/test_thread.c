/* test_thread.c - x. */
#include "world.h"
const struct test thread_tests[] = { { NULL, NULL } };
