/* slot_sleeper.c - never does anything: its main ends at once. */
#include "component.h"
#include "ports.h"

int main(void)
{
	return 0;
}
