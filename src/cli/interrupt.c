// interrupt.c — Ctrl-C as a flag. The only mutable state of the program outside its stack: signals need an address.
#include "cli/cli.h"

#include <signal.h>

static volatile sig_atomic_t asked;

static void on_signal(int number)
{
    (void)number;
    asked = 1;
}

void interrupt_watch(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    // the second press meets the default action: a stuck driver must not make the program unstoppable
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < COUNTOF(signals); i++) sigaction(signals[i], &action, NULL);
}

int interrupt_asked(void *unused)
{
    (void)unused;
    return asked;
}
