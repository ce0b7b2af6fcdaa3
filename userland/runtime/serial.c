/* serial.c - moves bytes between the clients of the serial protocol and a UART; empty for components that are no UART.
 *
 * Clients take turns after each line feed, or when the one whose turn it is has nothing more to say. */
#include "serial.h"
#include "ports.h"
#include "stream.h"

#ifdef SERIAL_CLIENTS
#define BATCH_BYTES 64

static struct stream outs[SERIAL_CLIENTS];
static struct stream input;
static bool usable[SERIAL_CLIENTS];
static bool input_usable;

static u8 batch[BATCH_BYTES]; /* taken from a client, not yet sent */
static size_t batch_at;
static size_t batch_size;
static u32 turn;

static size_t take_line(u32 client)
{
	size_t size;

	if (!usable[client])
		return 0;
	size = stream_peek(&outs[client], batch, BATCH_BYTES);
	for (size_t i = 0; i < size; i++) {
		if (batch[i] == '\n') {
			size = i + 1;
			break;
		}
	}
	stream_skip(&outs[client], size);
	if (size > 0 && stream_take_wish(&outs[client]))
		serial_room(client);
	return size;
}

static bool refill(void)
{
	if (batch_at < batch_size)
		return true;

	bool line_ended = batch_size > 0 && batch[batch_size - 1] == '\n';
	batch_at = 0;
	batch_size = 0;
	for (u32 n = 0; n < SERIAL_CLIENTS && batch_size == 0; n++) {
		if (line_ended || n > 0)
			turn = (turn + 1) % SERIAL_CLIENTS;
		batch_size = take_line(turn);
	}
	return batch_size > 0;
}

static void receive(void)
{
	u8 bytes[BATCH_BYTES];
	size_t size;
	bool came = false;

	while ((size = uart_receive(bytes, BATCH_BYTES)) > 0) {
		/* What the client has no room for is lost, as it would be in a device whose FIFO is full. */
		if (input_usable)
			stream_write(&input, bytes, size);
		came = true;
	}
	if (came)
		serial_input(0);
}

void serial_serve(void)
{
	receive();
	while (refill()) {
		size_t sent = uart_send(batch + batch_at, batch_size - batch_at);

		batch_at += sent;
		receive();
		if (sent == 0) {
			uart_watch_room(true);
			return;
		}
	}
	uart_watch_room(false);
}

void serial_start(void)
{
	for (u32 i = 0; i < SERIAL_CLIENTS; i++)
		usable[i] = stream_open_out_reader(&outs[i], (void *)serial_clients[i].memory, serial_clients[i].memory_size);
	input_usable = stream_open_in_writer(&input, (void *)serial_clients[0].memory, serial_clients[0].memory_size);
	serial_serve();
}
#endif
