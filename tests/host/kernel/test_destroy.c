/* test_destroy.c - x. */
#include "world.h"
const struct test destroy_tests[] = { { NULL, NULL } };
