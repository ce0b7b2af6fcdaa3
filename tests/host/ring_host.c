/* ring_host.c - tests of the shared rings on the host: order, hostile peers, lost wake-ups, sessions. */
#define _GNU_SOURCE
#include "../../userland/runtime/ring.h"
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static u32 passed, failed;

static void check(bool good, const char *what, int line)
{
	if (good) {
		passed++;
		return;
	}
	failed++;
	printf("ring_host.c:%d: %s\n", line, what);
}
#define CHECK(condition) check((condition), #condition, __LINE__)

struct record { u64 number, twice; };
#define SLOTS 8u
static u64 memory[RING_BYTES(sizeof(struct record), SLOTS) / 8];
static struct ring producer, consumer;

static void fresh(void)
{
	memset(memory, 0, sizeof(memory));
	ring_attach(&producer, memory, sizeof(struct record), SLOTS);
	ring_attach(&consumer, memory, sizeof(struct record), SLOTS);
	ring_reset_producer(&producer);
	ring_reset_consumer(&consumer);
}

static bool put(u64 number)
{
	struct record record = { number, 2 * number };

	return ring_put(&producer, &record);
}

static void records_come_in_order_and_a_full_ring_refuses(void)
{
	struct record record;
	u64 next_put = 0, next_take = 0;

	fresh();
	for (u32 round = 0; round < 1000; round++) {
		u32 burst = round % (SLOTS + 2);
		for (u32 i = 0; i < burst && put(next_put); i++)
			next_put++;
		CHECK(next_put - next_take <= SLOTS);
		(void)ring_publish(&producer);
		while (ring_take(&consumer, &record)) {
			CHECK(record.number == next_take && record.twice == 2 * next_take);
			next_take++;
		}
		(void)ring_release(&consumer);
	}
	CHECK(next_put == next_take);
	for (u32 i = 0; i < SLOTS; i++)
		CHECK(put(i));
	CHECK(!put(99) && ring_space(&producer) == 0 && !producer.broken);
}

static void nothing_is_seen_before_publish(void)
{
	struct record record;

	fresh();
	CHECK(put(1));
	CHECK(!ring_take(&consumer, &record) && ring_waiting(&consumer) == 0);
	CHECK(ring_publish(&producer)); /* the consumer begins asleep */
	CHECK(ring_take(&consumer, &record));
}

static void indices_wrap(void)
{
	struct record record;

	fresh();
	producer.own = producer.peer = consumer.own = consumer.peer = 0xfffffffd;
	producer.shared->producer.index = producer.shared->consumer.index = 0xfffffffd;
	for (u64 i = 0; i < 20; i++) {
		CHECK(put(i));
		(void)ring_publish(&producer);
		CHECK(ring_take(&consumer, &record) && record.number == i);
		(void)ring_release(&consumer);
	}
	CHECK(!producer.broken && !consumer.broken);
}

static void a_lying_producer_breaks_the_ring(void)
{
	static const u32 lies[] = { SLOTS + 1, 0x80000000, 0xffffffff, 1000 };
	struct record record;

	for (u32 i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		fresh();
		consumer.shared->producer.index = lies[i];
		CHECK(!ring_take(&consumer, &record) && consumer.broken);
		CHECK(!ring_sleep(&consumer) && ring_waiting(&consumer) == 0);
		consumer.shared->producer.index = 1;
		CHECK(!ring_take(&consumer, &record)); /* stays broken */
	}
	fresh(); /* an index that goes back */
	for (u32 i = 0; i < 4; i++)
		(void)put(i);
	(void)ring_publish(&producer);
	CHECK(ring_waiting(&consumer) == 4);
	consumer.shared->producer.index = 2;
	CHECK(ring_waiting(&consumer) == 0 && consumer.broken);
}

static void a_lying_consumer_breaks_the_ring(void)
{
	static const u32 lies[] = { 5, 0x80000000, 0xffffffff };

	for (u32 i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		fresh();
		(void)put(1);
		producer.shared->consumer.index = lies[i];
		CHECK(ring_space(&producer) == 0 && producer.broken && !put(2));
	}
}

/* ---- No wake-up is lost: the consumer sleeps on a semaphore, and a deadline would show that nobody woke it. ---- */

#define MANY 300000u
static sem_t wake_consumer, wake_producer;

static bool sleep_on(sem_t *semaphore)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 20;
	while (sem_timedwait(semaphore, &until) != 0) {
		if (errno != EINTR)
			return false;
	}
	return true;
}

static void *produce(void *unused)
{
	for (u64 i = 0; i < MANY; ) {
		if (put(i)) {
			i++;
			if (i % 3 != 0 && i != MANY)
				continue;
		}
		if (ring_publish(&producer))
			sem_post(&wake_consumer);
		if (ring_space(&producer) == 0 && ring_sleep_full(&producer) && !sleep_on(&wake_producer)) {
			printf("the producer was not woken\n");
			exit(1);
		}
	}
	return unused;
}

static void no_wake_up_is_lost(void)
{
	pthread_t thread;
	struct record record;
	u64 next = 0, sleeps = 0;

	fresh();
	sem_init(&wake_consumer, 0, 0);
	sem_init(&wake_producer, 0, 0);
	pthread_create(&thread, NULL, produce, NULL);
	while (next < MANY) {
		ring_awake(&consumer);
		while (ring_take(&consumer, &record)) {
			if (record.number != next || record.twice != 2 * next) {
				CHECK(record.number == next);
				exit(1);
			}
			next++;
		}
		if (ring_release(&consumer))
			sem_post(&wake_producer);
		if (next < MANY && ring_sleep(&consumer)) {
			sleeps++;
			if (!sleep_on(&wake_consumer)) {
				printf("the consumer was not woken\n");
				exit(1);
			}
		}
	}
	pthread_join(thread, NULL);
	CHECK(next == MANY && !consumer.broken && !producer.broken);
	CHECK(sleeps > 0);
}

/* ---- Sessions ---- */

static u64 channel_memory[(256 + 2 * RING_BYTES(sizeof(struct record), SLOTS)) / 8];

static void attach_client(struct ring_client *client)
{
	memset(client, 0, sizeof(*client));
	client->channel = (struct ring_channel *)channel_memory;
	ring_attach(&client->requests, channel_memory + 32, sizeof(struct record), SLOTS);
	ring_attach(&client->responses, channel_memory + 32 + RING_BYTES(sizeof(struct record), SLOTS) / 8,
		sizeof(struct record), SLOTS);
}

static void attach_server(struct ring_server *server)
{
	memset(server, 0, sizeof(*server));
	server->channel = (struct ring_channel *)channel_memory;
	ring_attach(&server->requests, channel_memory + 32, sizeof(struct record), SLOTS);
	ring_attach(&server->responses, channel_memory + 32 + RING_BYTES(sizeof(struct record), SLOTS) / 8,
		sizeof(struct record), SLOTS);
}

static void use(struct ring_client *client, struct ring_server *server, u64 number)
{
	struct record record = { number, 0 };

	CHECK(ring_put(&client->requests, &record));
	(void)ring_publish(&client->requests);
	CHECK(ring_take(&server->requests, &record) && record.number == number);
	(void)ring_release(&server->requests);
	CHECK(ring_put(&server->responses, &record));
	(void)ring_publish(&server->responses);
	CHECK(ring_take(&client->responses, &record) && record.number == number);
	(void)ring_release(&client->responses);
}

static void sessions_survive_restarts_of_both_sides(void)
{
	struct ring_client client;
	struct ring_server server;
	struct record record = { 0, 0 };

	memset(channel_memory, 0, sizeof(channel_memory));
	attach_client(&client);
	CHECK(!ring_client_open(&client, 7));                 /* the server has never started */
	CHECK(ring_client_poll(&client) == RING_NOTHING);
	attach_server(&server);
	ring_server_start(&server, 1);
	CHECK(ring_server_poll(&server) == RING_NOTHING);
	CHECK(ring_client_poll(&client) == RING_LOST);        /* it is there now: open */
	CHECK(ring_client_open(&client, 7));
	CHECK(ring_client_poll(&client) == RING_NOTHING && !client.open);
	CHECK(ring_server_poll(&server) == RING_OPENED);
	CHECK(ring_client_poll(&client) == RING_OPENED && client.open);
	for (u64 i = 0; i < 11; i++)
		use(&client, &server, i);

	for (u32 round = 0; round < 5; round++) {             /* the server restarts, with the same clock even */
		(void)ring_put(&client.requests, &record);
		(void)ring_publish(&client.requests);
		attach_server(&server);
		ring_server_start(&server, 1);
		CHECK(ring_server_poll(&server) == RING_NOTHING); /* the old session is not accepted */
		CHECK(ring_client_poll(&client) == RING_LOST);
		CHECK(ring_client_open(&client, 7));
		CHECK(ring_server_poll(&server) == RING_OPENED && ring_client_poll(&client) == RING_OPENED);
		CHECK(!ring_take(&server.requests, &record));     /* requests of the past are gone */
		use(&client, &server, round);
	}
	for (u32 round = 0; round < 5; round++) {             /* the client restarts */
		(void)ring_put(&client.requests, &record);
		(void)ring_publish(&client.requests);
		attach_client(&client);
		CHECK(ring_client_poll(&client) == RING_LOST);
		CHECK(ring_client_open(&client, 7));
		CHECK(ring_server_poll(&server) == RING_OPENED && ring_client_poll(&client) == RING_OPENED);
		CHECK(!ring_take(&server.requests, &record));
		use(&client, &server, round);
	}
	server.channel->client_session = 0x1234;              /* a session in an epoch that never was */
	CHECK(ring_server_poll(&server) == RING_NOTHING);
	ring_server_end(&server);
	CHECK(ring_client_poll(&client) == RING_LOST);        /* thrown out: open again */
	CHECK(ring_client_open(&client, 7) && ring_server_poll(&server) == RING_OPENED);
	CHECK(ring_client_poll(&client) == RING_OPENED);
	use(&client, &server, 1);
}

static void a_server_that_runs_gives_a_sign_of_life(void)
{
	struct ring_client client;
	struct ring_server server;

	memset(channel_memory, 0, sizeof(channel_memory));
	attach_client(&client);
	attach_server(&server);
	ring_server_start(&server, 1);
	for (u32 round = 0; round < 3; round++) {
		ring_client_ping(&client);
		CHECK(!ring_client_answered(&client));
		(void)ring_server_poll(&server);                  /* with or without a session */
		CHECK(ring_client_answered(&client));
		if (round == 1) {                                 /* either side may start anew */
			attach_client(&client);
			attach_server(&server);
			ring_server_start(&server, 1);
			ring_client_ping(&client);
			CHECK(!ring_client_answered(&client));        /* not the sign of the one before */
		}
	}
}

int main(void)
{
	records_come_in_order_and_a_full_ring_refuses();
	nothing_is_seen_before_publish();
	indices_wrap();
	a_lying_producer_breaks_the_ring();
	a_lying_consumer_breaks_the_ring();
	no_wake_up_is_lost();
	sessions_survive_restarts_of_both_sides();
	a_server_that_runs_gives_a_sign_of_life();
	printf("%u checks passed, %u failed\n", passed, failed);
	return failed != 0;
}
