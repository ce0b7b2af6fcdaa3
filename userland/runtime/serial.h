/* serial.h - the service side of the serial protocol, and what a UART driver adds to it: its registers. */
#pragma once
#include "component.h"

/* The driver defines these; none of them waits. */
size_t uart_send(const u8 *bytes, size_t size);  /* as many as fit into the device now */
size_t uart_receive(u8 *bytes, size_t size);     /* as many as have come */
void uart_watch_room(bool wanted);               /* interrupt when it can send again */

void serial_start(void);   /* call it from init(), with the device ready */
void serial_serve(void);   /* call it from notified(), whatever came */
