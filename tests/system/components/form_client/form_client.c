/* form_client.c - calls both servers once and says what they answered. */
#include "component.h"
#include "ports.h"

int main(void)
{
	u64 number = COMPONENT_NAME[sizeof COMPONENT_NAME - 2] - '0'; /* client1, client2 */
	struct greeting_greet_reply pool = pool_greet(number);
	struct greeting_greet_reply later = later_greet(number);

	print("%s: pool %lu %lu, later %lu %lu\n", COMPONENT_NAME, pool.status, pool.answer, later.status, later.answer);
	return 0;
}
