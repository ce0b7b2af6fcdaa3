/* hello_server.c - serves `greeting`: answers a number with its double. */
#include "component.h"
#include "ports.h"

#define LARGEST_NUMBER 1000

void init(void)
{
	print("hello_server: ready\n");
}

void greeting_on_greet(u32 client, u64 number, struct greeting_greet_reply *reply)
{
	if (number > LARGEST_NUMBER) {
		reply->status = GREETING_ERROR_TOO_SHY;
		return;
	}
	print("hello_server: %s sends %lu\n", greeting_clients[client].name, number);
	reply->status = STATUS_OK;
	reply->answer = 2 * number;
}
