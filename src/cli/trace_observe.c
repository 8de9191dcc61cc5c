// trace_observe.c
#include "cli/trace.h"
bool trace_observe(struct trace *x, struct err *e)
{
    (void)x, (void)e;
    return true;
}
bool trace_observe_plots(struct trace *x, struct err *e)
{
    (void)x, (void)e;
    return true;
}
