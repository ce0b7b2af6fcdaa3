/* test_boot.c - x. */
#include "world.h"
const struct test boot_tests[] = { { NULL, NULL } };
