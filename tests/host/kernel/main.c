/* main.c - runs the tests of the kernel on the host: all, or those whose names contain an argument; or the fuzzer. */
#include "world.h"
#include "fuzz.h"
#include <sys/wait.h>
#include <unistd.h>

const char *test_name = "";

/* The kernel has no heap, and the leak checker stumbles over memory that is mapped by hand. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

_Noreturn void test_fail(const char *file, int line, const char *what, u64 got, u64 wanted)
{
	fprintf(stderr, "FAIL %s\n  %s:%d: %s (got %lu = 0x%lx, wanted %lu)\n", test_name, file, line, what, got, got, wanted);
	fuzz_explain();
	_exit(1);
}

static const struct test *const groups[] = { untyped_tests, cnode_tests, space_tests, ipc_tests, notify_tests, thread_tests,
	sched_tests, partition_tests, destroy_tests, boot_tests };

/* Each test in a process of its own: one that fails, or trips a sanitizer, does not end the others. */
static bool run_one(const struct test *test)
{
	int status = 0;
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child == 0) {
		test_name = test->name;
		(void)alarm(20);
		test->run();
		exit(0);
	}
	if (waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		printf("not ok %s%s\n", test->name, WIFSIGNALED(status) ? " (signal)" : "");
		return false;
	}
	printf("ok %s\n", test->name);
	return true;
}

int main(int count, char **arguments)
{
	u32 passed = 0;
	u32 failed = 0;

	if (count >= 2 && strcmp(arguments[1], "--fuzz") == 0)
		return fuzz_main(count - 2, arguments + 2);
	for (size_t g = 0; g < sizeof groups / sizeof groups[0]; g++) {
		for (const struct test *test = groups[g]; test->name != NULL; test++) {
			if (count >= 2 && strstr(test->name, arguments[1]) == NULL)
				continue;
			if (run_one(test))
				passed++;
			else
				failed++;
		}
	}
	printf("%u passed, %u failed\n", passed, failed);
	return failed != 0;
}
