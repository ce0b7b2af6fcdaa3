/* later_server.c - the asynchronous form: the first caller is answered when the second one has called. */
#include "component.h"
#include "ports.h"

void greeting_on_greet(u32 client, u64 number, struct greeting_greet_reply *reply)
{
	static bool somebody_waits;
	static u64 kept;
	struct greeting_greet_reply late = {STATUS_OK, 0};

	(void)client;
	if (!somebody_waits) {
		somebody_waits = cap_move(0, SLOT_SPARE, 0, SLOT_REPLY) == STATUS_OK;
		kept = number;
		reply->status = GREETING_ERROR_TOO_SHY; /* goes nowhere: the reply is moved away */
		return;
	}
	late.answer = 100 * kept;
	reply->status = greeting_answer_greet(SLOT_SPARE, &late);
	reply->answer = 100 * number;
	somebody_waits = false;
}
