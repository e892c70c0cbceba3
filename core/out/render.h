/* The pieces of which one value is rendered; between the files of out/ only.  */
#ifndef MS_RENDER_H
#define MS_RENDER_H

#include "out/value.h"

enum { MS_ELEMENTS_MOST = 256 }; /* shown of one array or slice */

struct render {
	struct ms_context *ctx;
	struct ms_buf *buf;
	struct ms_style style;
	uint32_t budget; /* values and members that may still be shown */
	int32_t status;
};

static inline bool ms_render_json(const struct render *r)
{
	return r->style.json;
}

/* The value at hand leads to an object of TYPE at ADDRESS.  */
static inline void ms_render_lead(struct render *r, uint64_t address, const struct ms_node *type)
{
	if (r->ctx->leads_to)
		r->ctx->leads_to(r->ctx->leads_user, address, type);
}

/* out/value.c: the value of type NODE, which is in DEPTH containers.  */
void ms_render(struct render *r, const struct ms_node *node, const uint8_t *bytes, uint64_t address, int depth);
/* The first HAVE of COUNT elements.  */
void ms_render_list(struct render *r, const struct ms_node *element, const uint8_t *bytes, uint64_t have,
		    uint64_t count, uint64_t address, int depth);
/* out/scalar.c: marks for what is not there, */
void ms_render_error(struct ms_buf *buf, struct ms_style style, const char *line);
void ms_render_fault(struct render *r, int32_t status, uint64_t size, uint64_t address);
void ms_render_more(struct render *r);
void ms_render_address(struct render *r, uint64_t address);
void ms_render_plain(struct ms_buf *buf, struct ms_style style, const uint8_t *bytes, uint64_t size);
void ms_render_raw(struct render *r, const struct ms_node *node, const uint8_t *bytes, uint64_t size);
/* texts: LENGTH bytes at hand, of which MS_TEXT_MOST are shown; so many in the target,  */
void ms_render_text(struct render *r, const uint8_t *bytes, uint64_t length);
void ms_render_counted_text(struct render *r, uint64_t address, int64_t length);
/* and numbers. NODE is stripped.  */
void ms_render_integer(struct render *r, const struct ms_node *node, const uint8_t *bytes);
void ms_render_boolean(struct render *r, const struct ms_node *node, const uint8_t *bytes);
void ms_render_enum(struct render *r, const struct ms_node *node, const uint8_t *bytes);
void ms_render_bit_field(struct render *r, const struct ms_node *node, const struct ms_member *member,
			 const uint8_t *bytes, uint64_t available);
bool ms_render_has_float(const struct render *r, uint64_t size);
void ms_render_complex(struct render *r, const struct ms_node *node, const uint8_t *bytes);
void ms_render_pointer(struct render *r, const struct ms_node *node, const uint8_t *bytes);

/* out/go.c: false when NODE is no such thing.  */
bool ms_render_go_slice(struct render *r, const struct ms_node *node, const uint8_t *bytes, int depth);
bool ms_render_go_interface(struct render *r, const struct ms_node *node, const uint8_t *bytes, int depth);
bool ms_render_go_opaque(const struct render *r, const struct ms_node *node);

#endif
