/*
 * terminal - the whole screen for a picture that is redrawn in place, and keys; and the screen as it was, afterwards.
 *
 * The picture stands on the terminal's second screen, so that nothing of what the user had there is lost.
 */
#ifndef TERMINAL_H
#define TERMINAL_H

#include <stdbool.h>
#include <termios.h>
#include <uv.h>

struct terminal {
    uv_tty_t output, input;
    uv_signal_t resized;
    uv_write_t write;
    char keys[32];
    char *picture; /* being written; NULL: none is */
    struct termios before;
    bool is_on, has_keys, has_saved;
    void (*on_key)(char key, void *data);
    void (*on_resize)(void *data);
    void *data;
};

/* Can we use the whole screen: is standard output a terminal that can do it, and are we in the foreground? */
bool terminal_is_there(void);

/*
 * Takes the screen. `on_key` is called for a key ('u' and 'd' for up and down), `on_resize` when the size has changed.
 * Returns false, and takes nothing, if libuv cannot use standard output as a terminal.
 */
bool terminal_begin(struct terminal *terminal, uv_loop_t *loop);

/* How many columns and rows there are; 80 and 24 if the terminal does not say. */
void terminal_size(struct terminal *terminal, int *width, int *height);

/* Is the last picture still on its way? Then the terminal is slow, and another one would be too much. */
bool terminal_is_busy(const struct terminal *terminal);

/* Draws; not while terminal_is_busy(). `picture` is free()d when that is done. */
void terminal_draw(struct terminal *terminal, char *picture);

/*
 * Gives the screen back at once, also in the middle of a picture. Safe to call twice, and before the program ends for any
 * reason.
 */
void terminal_restore(struct terminal *terminal);

/* terminal_restore(), and closes what is in the loop; that has to run once more. */
void terminal_end(struct terminal *terminal);

#endif
