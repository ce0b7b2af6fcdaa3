/* uart16550.c - driver of the 16550 UART and its relatives, with any register spacing and access width.
 *
 * Registers: National Semiconductor PC16550D data sheet, section 8. The firmware has set the line's speed and format. */
#include "serial.h"
#include "ports.h"

enum uart_register { DATA = 0, INTERRUPT_ENABLE = 1, INTERRUPT_ID = 2, FIFO_CONTROL = 2, MODEM_CONTROL = 4,
	LINE_STATUS = 5 };

#define ENABLE_RECEIVED 1u
#define ENABLE_SENT 2u
#define FIFO_ENABLE 1u
#define FIFO_IS_ENABLED 0xc0u
#define MODEM_READY 0x0bu /* data terminal ready, request to send, interrupt output on */
#define STATUS_RECEIVED 1u
#define STATUS_CAN_SEND 0x20u
#define FIFO_BYTES 16

static size_t fifo_bytes = 1;
static unsigned enabled = ENABLE_RECEIVED;

static unsigned read_register(enum uart_register number)
{
	volatile u8 *address = (volatile u8 *)UART_REGS + ((u64)number << UART_REG_SHIFT);

	return UART_IO_WIDTH == 4 ? *(volatile u32 *)address & 0xff : *address;
}

static void write_register(enum uart_register number, unsigned value)
{
	volatile u8 *address = (volatile u8 *)UART_REGS + ((u64)number << UART_REG_SHIFT);

	if (UART_IO_WIDTH == 4)
		*(volatile u32 *)address = value;
	else
		*address = (u8)value;
}

size_t uart_send(const u8 *bytes, size_t size)
{
	size_t count = size < fifo_bytes ? size : fifo_bytes;

	if ((read_register(LINE_STATUS) & STATUS_CAN_SEND) == 0)
		return 0;
	for (size_t i = 0; i < count; i++)
		write_register(DATA, bytes[i]);
	return count;
}

size_t uart_receive(u8 *bytes, size_t size)
{
	size_t count = 0;

	while (count < size && (read_register(LINE_STATUS) & STATUS_RECEIVED) != 0)
		bytes[count++] = (u8)read_register(DATA);
	return count;
}

void uart_watch_room(bool wanted)
{
	unsigned next = ENABLE_RECEIVED | (wanted ? ENABLE_SENT : 0);

	if (next == enabled)
		return;
	enabled = next;
	write_register(INTERRUPT_ENABLE, enabled);
}

void init(void)
{
	/* FIFO_ENABLE alone keeps what was typed before the driver started. */
	write_register(INTERRUPT_ENABLE, 0);
	write_register(FIFO_CONTROL, FIFO_ENABLE);
	if ((read_register(INTERRUPT_ID) & FIFO_IS_ENABLED) == FIFO_IS_ENABLED)
		fifo_bytes = FIFO_BYTES;
	write_register(MODEM_CONTROL, MODEM_READY);
	write_register(INTERRUPT_ENABLE, enabled);
	serial_start();
}

void notified(u64 bits)
{
	if ((bits & BIT_UART) != 0)
		(void)read_register(INTERRUPT_ID); /* takes back the "can send" interrupt */
	serial_serve();
}
