/* specification.c - caps, mem and irqs: what the specification says, read from the manifest that the compiler emits. */
#include "shell.h"
#include "ports.h"

void specification_run(const struct command *command, const char *argument)
{
	(void)argument;
	say("This system gives the shell no manifest to read, so there is no `%s`.\n", command->name);
}
