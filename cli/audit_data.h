/* audit_data.h - `eidetic audit --data`: the same verb about a training set. */
#ifndef CLI_AUDIT_DATA_H
#define CLI_AUDIT_DATA_H
int cli_audit_data(int argc, char **argv);
#endif
