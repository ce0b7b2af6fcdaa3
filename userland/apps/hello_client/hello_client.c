/* hello_client.c - calls hello_server a few times and ends. */
#include "component.h"
#include "ports.h"

int main(void)
{
	for (u64 number = 20; number <= 21; number++) {
		struct greeting_greet_reply reply = greeting_greet(number);

		if (reply.status != STATUS_OK) {
			print("hello_client: hello_server did not answer: %s\n", status_text(reply.status));
			return 1;
		}
		print("hello_client: hello_server answers %lu\n", reply.answer);
	}
	print("hello_client: a number that is too large gets status %lu\n", greeting_greet(5000).status);
	return 0;
}
