// pt.h — what the two containers of torch.save have in common once their pickle is read.
#ifndef VKDIT_PT_H
#define VKDIT_PT_H

#include "weights/format.h"
#include "weights/pickle.h"

// Where a storage's bytes lie in the mapped file. The container answers; `claim` is not to be believed.
struct pt_place {
    uint64_t offset, bytes;
};
typedef bool pt_locate(void *container, const struct pickle_storage *claim, struct pt_place *place, struct err *e);

// Adds the tensors of one dictionary of `top` (see ckpt_open for `root`) and the scalars beside it as metadata.
bool pt_add(struct ckpt *c, uint32_t source, const struct pickle *p, struct pickle_value top, const char *root,
            pt_locate *locate, void *container, struct err *e);

#endif
