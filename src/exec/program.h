// program.h — private to exec/: what record.c makes and replay.c submits.
#ifndef VKDIT_PROGRAM_H
#define VKDIT_PROGRAM_H

#include "exec/exec.h"

enum { PROGRAM_SETS = RATE_COUNT + 3 };

struct node {
    const struct pipeline *pipe;
    VkDescriptorSet set;
}; // one dispatch, ready to be recorded

struct segment {
    uint32_t first, count;
}; // dispatches of one submission

struct replay {
    VkCommandBuffer *cmd; // one for each possible segment
    struct segment *segment;
    uint32_t n_segment, room;
    double scale;     // measured seconds per predicted second; 0 until something was measured
    double seconds;   // device time of the last run
    double longest;   // of its submissions
    uint32_t replays; // in that one
    bool recut;       // the last run showed that the cuts are wrong
};

struct program {
    struct gpu *gpu;
    const struct plan *plan;
    struct gpu_buf *block[PROGRAM_SETS];
    uint32_t n_block[PROGRAM_SETS];
    VkDescriptorPool descriptors;
    VkBufferView *view; // of the operands that are texel buffers
    uint32_t n_view, cap_view;
    struct node *node[RATE_COUNT];
    struct replay replay[RATE_COUNT];
    struct flight {
        VkFence fence;
        VkCommandBuffer before, after; // take the time; null without timestamps
        enum rate rate;
        uint32_t replays;
        double start; // when it was submitted
        bool busy;    // and not waited for
        int still;    // that it makes, or -1
    } flight[2];
    uint32_t next_flight; // between calls only the other one may be busy
    struct {
        enum rate rate;
        uint32_t replays;
    } held; // asked for and not submitted yet
    struct still {
        struct gpu_buf copy;
        VkCommandBuffer cmd; // makes it
        bool made;
    } still[STILLS];
    VkQueryPool clock; // two timestamps around a submission, for each flight; null without timestamps
    VkQueryPool marks; // one between any two dispatches while a profile is taken, else null
};

struct gpu_buf *program_buffer(const struct program *x, uint32_t tensor);
void program_barrier(struct program *x, VkCommandBuffer c);
// groups_max: no more workgroups than this in each dimension
void program_dispatch(struct program *x, VkCommandBuffer c, enum rate r, uint32_t i, uint32_t groups_max);

void program_stills_close(struct program *x);

bool program_flights_open(struct program *x, struct err *e);
bool program_replay_open(struct program *x, enum rate r, struct err *e);
bool program_cut(struct program *x, enum rate r, struct err *e); // (re)chooses the segments and records them
void program_replay_close(struct program *x);

#endif
