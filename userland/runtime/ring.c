/* ring.c - rings of records in memory shared with an untrusted peer, and the sessions on top of them (ring.h). */
#include "ring.h"

static u32 load_index(const u32 *index)
{
	return __atomic_load_n(index, __ATOMIC_ACQUIRE);
}

static void store_index(u32 *index, u32 value)
{
	__atomic_store_n(index, value, __ATOMIC_RELEASE);
}

void ring_attach(struct ring *ring, void *memory, u32 record_bytes, u32 slots)
{
	ring->shared = memory;
	ring->records = (u64 *)((char *)memory + sizeof(struct ring_shared));
	ring->record_words = record_bytes / 8;
	ring->slots = slots;
	ring->own = 0;
	ring->peer = 0;
	ring->broken = false;
}

void ring_reset_producer(struct ring *ring)
{
	ring->own = 0;
	ring->peer = 0;
	ring->broken = false;
	__atomic_store_n(&ring->shared->producer.sleeping, 0, __ATOMIC_RELAXED);
	store_index(&ring->shared->producer.index, 0);
}

void ring_reset_consumer(struct ring *ring)
{
	ring->own = 0;
	ring->peer = 0;
	ring->broken = false;
	__atomic_store_n(&ring->shared->consumer.sleeping, 1, __ATOMIC_RELAXED);
	store_index(&ring->shared->consumer.index, 0);
}

/* The consumer's index is between what it was and what was put: everything else is a lie. */
static inline __attribute__((always_inline)) u32 refresh_space(struct ring *ring)
{
	u32 index = load_index(&ring->shared->consumer.index);

	if (ring->own - index > ring->own - ring->peer) {
		ring->broken = true;
		return 0;
	}
	ring->peer = index;
	return ring->slots - (ring->own - index);
}

/* The producer's index is between what it was and a full ring ahead of what was taken. */
static inline __attribute__((always_inline)) u32 refresh_waiting(struct ring *ring)
{
	u32 index = load_index(&ring->shared->producer.index);

	if (index - ring->own > ring->slots || index - ring->own < ring->peer - ring->own) {
		ring->broken = true;
		return 0;
	}
	ring->peer = index;
	return index - ring->own;
}

u32 ring_space(struct ring *ring)
{
	return ring->broken ? 0 : refresh_space(ring);
}

bool ring_put(struct ring *ring, const void *record)
{
	if (ring->broken || (ring->own - ring->peer == ring->slots && refresh_space(ring) == 0))
		return false;

	const u64 *from = record;
	u32 words = ring->record_words;
	u64 *to = ring->records + (u64)(ring->own++ & (ring->slots - 1)) * words;
	for (u32 i = 0; i < words; i++)
		to[i] = from[i];
	return true;
}

__attribute__((noinline)) bool ring_publish(struct ring *ring)
{
	store_index(&ring->shared->producer.index, ring->own);
	__atomic_thread_fence(__ATOMIC_SEQ_CST); /* pairs with the fence in ring_sleep */
	return __atomic_load_n(&ring->shared->consumer.sleeping, __ATOMIC_RELAXED) != 0;
}

__attribute__((noinline)) bool ring_sleep_full(struct ring *ring)
{
	__atomic_store_n(&ring->shared->producer.sleeping, 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST); /* pairs with the fence in ring_release */
	if (!ring->broken && refresh_space(ring) == 0 && !ring->broken)
		return true;
	__atomic_store_n(&ring->shared->producer.sleeping, 0, __ATOMIC_RELAXED);
	return false;
}

u32 ring_waiting(struct ring *ring)
{
	return ring->broken ? 0 : refresh_waiting(ring);
}

bool ring_take(struct ring *ring, void *record)
{
	if (ring->broken || (ring->own == ring->peer && refresh_waiting(ring) == 0))
		return false;

	u32 words = ring->record_words;
	const u64 *from = ring->records + (u64)(ring->own++ & (ring->slots - 1)) * words;
	u64 *to = record;
	for (u32 i = 0; i < words; i++)
		to[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED); /* one read: the peer may write meanwhile */
	return true;
}

__attribute__((noinline)) bool ring_release(struct ring *ring)
{
	store_index(&ring->shared->consumer.index, ring->own);
	__atomic_thread_fence(__ATOMIC_SEQ_CST); /* pairs with the fence in ring_sleep_full */
	return __atomic_load_n(&ring->shared->producer.sleeping, __ATOMIC_RELAXED) != 0;
}

__attribute__((noinline)) bool ring_sleep(struct ring *ring)
{
	__atomic_store_n(&ring->shared->consumer.sleeping, 1, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST); /* pairs with the fence in ring_publish */
	if (!ring->broken && refresh_waiting(ring) == 0)
		return true;
	ring_awake(ring);
	return false;
}

void ring_awake(struct ring *ring)
{
	__atomic_store_n(&ring->shared->consumer.sleeping, 0, __ATOMIC_RELAXED);
}

void ring_server_start(struct ring_server *server, u64 hint)
{
	u64 past = __atomic_load_n(&server->channel->server_epoch, __ATOMIC_RELAXED);

	server->epoch = hint & 0xffffffffu;
	if (server->epoch == past || server->epoch == 0)
		server->epoch = (past & 0x7fffffffu) + 1;
	server->session = 0;
	__atomic_store_n(&server->channel->server_session, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&server->channel->server_epoch, server->epoch, __ATOMIC_RELEASE);
}

enum ring_event ring_server_poll(struct ring_server *server)
{
	u64 wanted = __atomic_load_n(&server->channel->client_session, __ATOMIC_ACQUIRE);
	u64 ping = __atomic_load_n(&server->channel->client_ping, __ATOMIC_RELAXED);

	if (ping != __atomic_load_n(&server->channel->server_pong, __ATOMIC_RELAXED))
		__atomic_store_n(&server->channel->server_pong, ping, __ATOMIC_RELAXED);
	if (wanted == server->session || wanted >> 32 != server->epoch)
		return RING_NOTHING;
	server->session = wanted;
	ring_reset_consumer(&server->requests);
	ring_reset_producer(&server->responses);
	__atomic_store_n(&server->channel->server_session, wanted, __ATOMIC_RELEASE);
	return RING_OPENED;
}

/* The client sees that its session is not served any more. It must ask for another number. */
void ring_server_end(struct ring_server *server)
{
	server->requests.broken = true;
	server->responses.broken = true;
	__atomic_store_n(&server->channel->server_session, 0, __ATOMIC_RELEASE);
}

bool ring_client_open(struct ring_client *client, u64 hint)
{
	u64 past = __atomic_load_n(&client->channel->client_session, __ATOMIC_RELAXED);
	u64 epoch = __atomic_load_n(&client->channel->server_epoch, __ATOMIC_ACQUIRE) & 0xffffffffu;
	u64 session = epoch << 32 | (hint & 0xffffffffu), own = client->session;

	client->open = false;
	client->session = 0;
	if (epoch == 0)
		return false;
	while (session == past || session == own) /* another one than before, whoever wrote that */
		session = epoch << 32 | ((session + 1) & 0xffffffffu);
	client->session = session;
	ring_reset_producer(&client->requests);
	ring_reset_consumer(&client->responses);
	__atomic_store_n(&client->channel->client_session, client->session, __ATOMIC_RELEASE);
	return true;
}

enum ring_event ring_client_poll(struct ring_client *client)
{
	u64 served = __atomic_load_n(&client->channel->server_session, __ATOMIC_ACQUIRE);
	u64 epoch = __atomic_load_n(&client->channel->server_epoch, __ATOMIC_ACQUIRE) & 0xffffffffu;

	if (client->session == 0)
		return epoch != 0 ? RING_LOST : RING_NOTHING;
	if (epoch != client->session >> 32 || (client->open && served != client->session)) {
		client->open = false;
		return RING_LOST;
	}
	if (!client->open && served == client->session) {
		client->open = true;
		return RING_OPENED;
	}
	return RING_NOTHING;
}

void ring_client_ping(struct ring_client *client)
{
	client->ping = __atomic_load_n(&client->channel->server_pong, __ATOMIC_RELAXED) + 1;
	__atomic_store_n(&client->channel->client_ping, client->ping, __ATOMIC_RELEASE);
}

bool ring_client_answered(const struct ring_client *client)
{
	return __atomic_load_n(&client->channel->server_pong, __ATOMIC_ACQUIRE) == client->ping;
}
