#include "cli.h"
#include <math.h>
#include <string.h>

static bool shown; /* a progress line stands on the terminal */

static void amount(double x, char out[24])
{
    if (x >= 1e9)
        snprintf(out, 24, "%.2fG", x / 1e9);
    else if (x >= 1e6)
        snprintf(out, 24, "%.2fM", x / 1e6);
    else if (x >= 1e4)
        snprintf(out, 24, "%.1fk", x / 1e3);
    else
        snprintf(out, 24, "%.0f", x);
}

static void span(double seconds, char out[24])
{
    if (seconds >= 3600)
        snprintf(out, 24, "%d:%02d:%02d", (int)seconds / 3600, (int)seconds / 60 % 60,
                 (int)seconds % 60);
    else
        snprintf(out, 24, "%d:%02d", (int)seconds / 60, (int)seconds % 60);
}

void cli_progress(void *user, const eid_progress *p)
{
    char done[24], total[24], rate[24], left[24];
    double per_second = p->seconds > 0 ? (double)p->done / p->seconds : 0;

    (void)user;
    if (p->seconds < 0.5 && p->done < p->total)
        return;
    amount((double)p->done, done);
    amount((double)p->total, total);
    amount(per_second, rate);
    shown = true;
    if (p->total > 0) {
        double share = (double)p->done / (double)p->total;
        char bar[21];
        for (int i = 0; i < 20; i++)
            bar[i] = i < (int)(share * 20 + 0.5) ? '#' : '.';
        bar[20] = 0;
        span(per_second > 0 ? (double)(p->total - p->done) / per_second : 0, left);
        fprintf(stderr, "\r\033[K%-22s [%s] %3.0f%%  %s of %s %s  %s/s  %s left", p->what, bar,
                100 * share, done, total, p->unit, rate, left);
    } else {
        fprintf(stderr, "\r\033[K%-22s %s %s  %s/s", p->what, done, p->unit, rate);
    }
    fflush(stderr);
}

void cli_progress_clear(void)
{
    if (shown)
        fputs("\r\033[K", stderr);
    shown = false;
}
