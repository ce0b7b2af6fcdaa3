/* test_notify.c - x. */
#include "world.h"
const struct test notify_tests[] = { { NULL, NULL } };
