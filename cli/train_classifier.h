/* train_classifier.h - "train mlp" and "train cnn": the other half of cmd_train.c. */
#ifndef CLI_TRAIN_CLASSIFIER_H
#define CLI_TRAIN_CLASSIFIER_H

int cmd_train_classifier(int argc, char **argv);
#endif
