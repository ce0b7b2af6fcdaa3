/* sifive_uart.c - driver of the UART of SiFive's chips.
 *
 * Registers: SiFive FU540-C000 manual, chapter 13. The firmware has set the line's speed. */
#include "serial.h"
#include "ports.h"

enum uart_register { SEND = 0, RECEIVE = 1, SEND_CONTROL = 2, RECEIVE_CONTROL = 3, INTERRUPT_ENABLE = 4 };

#define DATA_NOT_READY 0x80000000u /* sending: FIFO full; receiving: FIFO empty */
#define CONTROL_ENABLE 1u
#define CONTROL_WATERMARK 16
#define ENABLE_SENT 1u             /* fewer bytes in the FIFO than the watermark */
#define ENABLE_RECEIVED 2u         /* more bytes in the FIFO than the watermark */

static unsigned enabled = ENABLE_RECEIVED;

static volatile u32 *uart_register(enum uart_register number)
{
	return (volatile u32 *)UART_REGS + number;
}

size_t uart_send(const u8 *bytes, size_t size)
{
	size_t count = 0;

	while (count < size && (*uart_register(SEND) & DATA_NOT_READY) == 0)
		*uart_register(SEND) = bytes[count++];
	return count;
}

size_t uart_receive(u8 *bytes, size_t size)
{
	size_t count = 0;

	while (count < size) {
		u32 data = *uart_register(RECEIVE);

		if ((data & DATA_NOT_READY) != 0)
			break;
		bytes[count++] = (u8)data;
	}
	return count;
}

void uart_watch_room(bool wanted)
{
	unsigned next = ENABLE_RECEIVED | (wanted ? ENABLE_SENT : 0);

	if (next == enabled)
		return;
	enabled = next;
	*uart_register(INTERRUPT_ENABLE) = enabled;
}

void init(void)
{
	*uart_register(INTERRUPT_ENABLE) = 0;
	*uart_register(SEND_CONTROL) = CONTROL_ENABLE | 1u << CONTROL_WATERMARK;
	*uart_register(RECEIVE_CONTROL) = CONTROL_ENABLE;
	*uart_register(INTERRUPT_ENABLE) = enabled;
	serial_start();
}

void notified(u64 bits)
{
	(void)bits;
	serial_serve();
}
