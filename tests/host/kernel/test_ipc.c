/* test_ipc.c - x. */
#include "world.h"
const struct test ipc_tests[] = { { NULL, NULL } };
