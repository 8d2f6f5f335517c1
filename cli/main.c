/* main.c - finds the command and hands over. */
#include "cli.h"
#include <errno.h>
#include <signal.h>
#include <string.h>

typedef struct command {
    const char *verb;
    int (*run)(int argc, char **argv);
    const char *help;
} command;

static const command commands[] = {
#define COMMAND(verb, function, help) {verb, function, help},
#include "commands.def"
#undef COMMAND
    {NULL, NULL, NULL},
};

static void overview(FILE *to)
{
    fprintf(to,
            "eidetic %s: finds out what a trained network memorized, and explains it.\n\n"
            "Usage: eidetic VERB [options]        eidetic VERB --help tells more\n\n",
            eid_version());
    for (const command *c = commands; c->verb; c++)
        fprintf(to, "  %-12s %s\n", c->verb, c->help);
    fprintf(to, "\nExit codes: 0 done, 1 failed, 2 wrong usage, 3 a gate did not hold.\n");
}

static int printed(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return CLI_OK;
    fprintf(stderr, "eidetic: stdout: %s\n", strerror(errno));
    return CLI_FAILED;
}

int main(int argc, char **argv)
{
    const char *verb = argc > 1 ? argv[1] : "";

    signal(SIGPIPE, SIG_IGN); /* a closed stdout is an error to report, not a death */
    signal(SIGXFSZ, SIG_IGN); /* so is a file that reaches its limit (ulimit -f) */
    if (strcmp(verb, "--version") == 0 || strcmp(verb, "version") == 0)
        return printf("eidetic %s (%s)\n", eid_version(), eid_kernels()), printed();
    if (strcmp(verb, "--help") == 0 || strcmp(verb, "-h") == 0 || strcmp(verb, "help") == 0) {
        overview(stdout);
        return printed();
    }
    for (const command *c = commands; c->verb; c++)
        if (strcmp(c->verb, verb) == 0)
            return c->run(argc - 1, argv + 1);
    if (*verb)
        fprintf(stderr, "eidetic: there is no command \"%s\"\n\n", verb);
    overview(stderr);
    return CLI_USAGE;
}
