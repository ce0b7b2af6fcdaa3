/* bench_peer.c - the other side of the bench: answers calls as fast as the runtime does it, on its caller's time. */
#include "component.h"
#include "ports.h"

void bench_on_nothing(u32 client, struct bench_nothing_reply *reply)
{
	(void)client;
	reply->status = STATUS_OK;
}

void bench_on_six(u32 client, u64 a, u64 b, u64 c, u64 d, u64 e, u64 f, struct bench_six_reply *reply)
{
	(void)client;
	*reply = (struct bench_six_reply){STATUS_OK, a, b, c, d, e, f};
}

void bench_on_take(u32 client, struct bench_take_reply *reply)
{
	(void)client;
	reply->status = STATUS_OK;
}
