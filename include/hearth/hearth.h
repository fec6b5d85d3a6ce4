/* SPDX-License-Identifier: Apache-2.0
 *
 * hearth: small language models inside your program. The stable C interface of libhearth; a guide
 * with an example is docs/guide/c-api.md.
 *
 * ERRORS. Every function that can fail returns a hearth_status. HEARTH_OK is 0; the others say what
 * kind of failure it was and are those of the `hearth` command (its exit statuses). The text, one
 * line "thing: cause; remedy", is hearth_last_error(). No C++ exception leaves the library, it
 * never exits and never prints; the one exception is a bug of ours found on a model's own threads,
 * which ends the process. Where a call fails its outputs are untouched, unless its comment
 * says otherwise.
 *
 * OPTIONS. Each struct begins with `struct_size`. Its _init function sets that and the defaults;
 * call it with `sizeof`, then change what you like. NULL stands for the defaults. A size that this
 * library does not know is HEARTH_USAGE; later versions go on knowing the sizes of earlier ones.
 * Fields marked RESERVED must be NULL or 0: anything else is HEARTH_UNSUPPORTED, never ignored.
 *
 * TEXT is UTF-8 with a length in bytes; HEARTH_NUL_TERMINATED as the length stands for strlen().
 *
 * BUFFERS are the caller's. Call with NULL and capacity 0 to learn the size, then with a buffer.
 * Where it is too small, nothing is written into it, the needed size is set and the status is
 * HEARTH_USAGE.
 *
 * HANDLES. A model comes from hearth_model_load() and goes with hearth_model_unload(); a session
 * comes from hearth_session_create() and goes with hearth_session_free(). A session keeps its model
 * alive: the order of the two does not matter. Handles are numbers, not addresses, and are never
 * used twice in a process: one that was freed, or never was one, is HEARTH_USAGE and not a crash,
 * in every build.
 *
 * THREAD SAFETY. Every function may be called from any thread, also with handles that other threads
 * use. Work on one model (generate, score, embed, prewarm; creating, resetting, saving and
 * restoring sessions) takes turns: it runs on the model's own threads, which serve one call at a
 * time; others wait, within their deadline. Text functions (tokenize, detokenize, chat) never wait.
 * A handle may be freed while another thread is inside a call with it: that call ends first. Inside
 * a callback, work on the same model is HEARTH_USAGE, as it would wait for itself; the text
 * functions and freeing are fine. Only hearth_cancel_request() may be called from signal handlers.
 * After fork() a child must load models of its own; using the parent's is HEARTH_USAGE.
 */
#ifndef HEARTH_HEARTH_H
#define HEARTH_HEARTH_H

#include <stddef.h>
#include <stdint.h>

#define HEARTH_VERSION_MAJOR 0
#define HEARTH_VERSION_MINOR 1
#define HEARTH_VERSION_PATCH 0

#define HEARTH_API __attribute__((visibility("default")))
#define HEARTH_CHECKED __attribute__((warn_unused_result))

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Status ---------------------------------------------------------------------------------- */

typedef int32_t hearth_status;
enum {
  HEARTH_OK = 0,
  HEARTH_INTERNAL = 1,     /* a bug of ours, please report it; free the handles that were used */
  HEARTH_USAGE = 2,        /* the call makes no sense */
  HEARTH_NOT_FOUND = 3,    /* the named thing does not exist */
  HEARTH_CORRUPT = 4,      /* a file or its content is malformed */
  HEARTH_UNSUPPORTED = 5,  /* well-formed, but not something that this version can do */
  HEARTH_REFUSED = 6,      /* policy says no */
  HEARTH_UNAVAILABLE = 7,  /* memory, threads or permission cannot be had now */
  HEARTH_DEADLINE = 8,     /* the time promised passed before there was anything to return */
  HEARTH_VERIFICATION = 9, /* a hash or signature does not fit */
  HEARTH_CANCELLED = 130   /* cancelled before there was anything to return */
};

/* "ok", "usage", ...: a string that lives forever; "unknown" for other numbers. */
HEARTH_API const char* hearth_status_name(hearth_status status);

/* What the last call that failed on this thread had to say; "" where none has. Never NULL, at most
 * HEARTH_ERROR_BYTES_MAX - 1 bytes. The address is the thread's own: valid until the thread ends,
 * the text until the thread's next call that fails. Calls that succeed leave it. */
HEARTH_API const char* hearth_last_error(void);

#define HEARTH_ERROR_BYTES_MAX 1024
HEARTH_API size_t hearth_error_bytes_max(void);

/* "0.1.0" of the library that runs, and 1000000 * major + 1000 * minor + patch. Alive forever. */
HEARTH_API const char* hearth_version(void);
HEARTH_API int32_t hearth_version_number(void);

/* Handles that are alive in this process: 0 once all were freed. For tests. */
HEARTH_API size_t hearth_handle_count(void);

/* ---- Text ------------------------------------------------------------------------------------ */

#define HEARTH_NUL_TERMINATED ((size_t) - 1)

/* Borrowed for the call. */
typedef struct hearth_text {
  const char* text; /* may be NULL where `bytes` is 0 */
  size_t bytes;
} hearth_text;

/* ---- Models ---------------------------------------------------------------------------------- */

typedef struct hearth_model hearth_model;

enum {
  HEARTH_NUMERICS_DEFAULT = 0, /* fast, or float where the instruction set is "scalar" */
  HEARTH_NUMERICS_FAST = 1,    /* activations of 8 or 16 bits, keys and values of 13 with a scale */
  HEARTH_NUMERICS_FLOAT = 2,   /* activations, keys and values in float32: the reference */
  HEARTH_NUMERICS_EXACT = 3    /* fast, but without AMX: the same bits however a prompt is cut */
};

typedef struct hearth_model_options {
  size_t struct_size;
  int32_t threads;      /* 1..256; 0: all that this process may use */
  int32_t context;      /* of sessions that do not say: tokens; 0: the model's own up to 8192 */
  int32_t numerics;     /* HEARTH_NUMERICS_* */
  int32_t kv_bits;      /* of keys and values: 16, or 8 in half the memory (not in float); 0: 16 */
  const char* isa;      /* "scalar", "avx2", ...: as `hearth doctor` lists; NULL: the best here */
  const void* adapters; /* RESERVED for LoRA adapters */
} hearth_model_options;
#define HEARTH_MODEL_OPTIONS_BYTES 40
HEARTH_API size_t hearth_model_options_size(void);

/* Errors: HEARTH_USAGE (NULL; an unknown size). So for all _init functions. */
HEARTH_API hearth_status hearth_model_options_init(hearth_model_options* options,
                                                   size_t struct_size);

/* Reads a GGUF file, checks it and packs its weights; the file is closed again. *model is NULL
 * where it fails. Errors: HEARTH_NOT_FOUND, HEARTH_USAGE (options; not a regular file),
 * HEARTH_CORRUPT, HEARTH_UNSUPPORTED (architecture, tensor type, tokenizer, instruction set:
 * named), HEARTH_UNAVAILABLE (memory, threads, permission). */
HEARTH_API HEARTH_CHECKED hearth_status hearth_model_load(const char* path,
                                                          const hearth_model_options* options,
                                                          hearth_model** model);

/* Ends the handle; the memory goes with the last session. NULL is fine. Errors: HEARTH_USAGE. */
HEARTH_API hearth_status hearth_model_unload(hearth_model* model);

/* Computes one throw-away token, which reads all weights: for before the next answer when hours of
 * rest may have moved them out of memory. Just loaded, a model is warm. Errors: HEARTH_UNAVAILABLE
 * (memory). */
HEARTH_API HEARTH_CHECKED hearth_status hearth_model_prewarm(hearth_model* model);

/* Filled by hearth_model_describe(); set struct_size before. Strings live until the model is
 * unloaded. */
typedef struct hearth_model_info {
  size_t struct_size;
  const char* architecture;  /* "llama", ... */
  const char* name;          /* what the file calls itself */
  const char* isa;           /* in use */
  int32_t numerics;          /* in use: HEARTH_NUMERICS_FAST, _FLOAT or _EXACT */
  int32_t threads;           /* in use */
  int32_t context_max;       /* tokens that the model was made for */
  int32_t context;           /* of a session that does not say */
  int32_t vocabulary_size;   /* token ids are 0..vocabulary_size - 1 */
  int32_t bos;               /* token that begins a text; -1: none */
  int32_t eos;               /* token that ends one; -1: none */
  int32_t has_chat_template; /* 1 or 0: whether hearth_chat_*() can be used */
  int32_t layers;
  int32_t embedding_size; /* values of the vector that stands for a token */
  uint64_t weight_bytes;  /* read for each token that is generated */
  double load_ms;
} hearth_model_info;
#define HEARTH_MODEL_INFO_BYTES 88
HEARTH_API size_t hearth_model_info_size(void);

/* Errors: HEARTH_USAGE. */
HEARTH_API HEARTH_CHECKED hearth_status hearth_model_describe(hearth_model* model,
                                                              hearth_model_info* info);

/* *is_end: 1 where the token ends an answer (end of text, end of turn, ...), else 0. Errors:
 * HEARTH_USAGE (a token outside the vocabulary). */
HEARTH_API HEARTH_CHECKED hearth_status hearth_model_is_end(hearth_model* model, int32_t token,
                                                            int32_t* is_end);

enum {
  HEARTH_TEXT_PLAIN = 0,   /* "<|im_end|>" is what a user typed */
  HEARTH_TEXT_SPECIAL = 1, /* ... is the special token: never for text that a user typed */
  HEARTH_TEXT_BOS = 2      /* tokenize only: BOS in front where the model adds one */
};

/* Text to tokens. Any bytes are accepted. `flags`: HEARTH_TEXT_* or-ed. *count is always set to the
 * tokens that there are. Errors: HEARTH_USAGE (unknown flags; the buffer is too small). */
HEARTH_API HEARTH_CHECKED hearth_status hearth_model_tokenize(hearth_model* model, const char* text,
                                                              size_t bytes, uint32_t flags,
                                                              int32_t* tokens, size_t capacity,
                                                              size_t* count);

/* Bytes of the text that the vocabulary cannot spell and tokenizing drops: 0 for nearly all text.
 * Errors: HEARTH_USAGE. */
HEARTH_API HEARTH_CHECKED hearth_status hearth_model_count_unspellable(hearth_model* model,
                                                                       const char* text,
                                                                       size_t bytes, size_t* count);

/* Tokens to text, which may end inside a character if the tokens do. *bytes is always set, without
 * the NUL that is added where the capacity has room for it. Errors: HEARTH_USAGE (unknown flags,
 * tokens outside the vocabulary; the buffer is too small). */
HEARTH_API HEARTH_CHECKED hearth_status hearth_model_detokenize(hearth_model* model,
                                                                const int32_t* tokens, size_t count,
                                                                uint32_t flags, char* text,
                                                                size_t capacity, size_t* bytes);

/* ---- Chat ------------------------------------------------------------------------------------ */

typedef struct hearth_message {
  const char* role; /* "system", "user", "assistant" */
  size_t role_bytes;
  const char* content;
  size_t content_bytes;
  const void* reserved; /* RESERVED for tool calls and their results */
} hearth_message;
#define HEARTH_MESSAGE_BYTES 40

typedef struct hearth_chat_options {
  size_t struct_size;
  const char* tools; /* RESERVED for a JSON list of tools */
  uint64_t reserved; /* RESERVED */
} hearth_chat_options;
#define HEARTH_CHAT_OPTIONS_BYTES 24
HEARTH_API size_t hearth_chat_options_size(void);
HEARTH_API hearth_status hearth_chat_options_init(hearth_chat_options* options, size_t struct_size);

/* The model's own template over a conversation, up to where the assistant's answer begins, as
 * tokens for hearth_session_generate(). What looks like a special token inside a message stays
 * text. *count is always set. Errors: HEARTH_USAGE (no messages; content that is not UTF-8; the
 * template refuses the conversation; the buffer is too small), HEARTH_UNSUPPORTED (no template, or
 * one that this version cannot follow: use hearth_model_tokenize()), HEARTH_CORRUPT (the template
 * is broken). */
HEARTH_API HEARTH_CHECKED hearth_status hearth_chat_tokenize(
    hearth_model* model, const hearth_message* messages, size_t message_count,
    const hearth_chat_options* options, int32_t* tokens, size_t capacity, size_t* count);

/* The same as text, to look at. Do not tokenize it: special tokens and look-alikes are the same in
 * it. *bytes and NUL as hearth_model_detokenize(); errors as hearth_chat_tokenize(). */
HEARTH_API HEARTH_CHECKED hearth_status
hearth_chat_render(hearth_model* model, const hearth_message* messages, size_t message_count,
                   const hearth_chat_options* options, char* text, size_t capacity, size_t* bytes);

/* ---- Sessions -------------------------------------------------------------------------------- */

/* One conversation: its tokens and what the model computed for them. */
typedef struct hearth_session hearth_session;

typedef struct hearth_session_options {
  size_t struct_size;
  int32_t context;  /* tokens, prompt and answer together; 0: what the model's options say */
  int32_t reserved; /* RESERVED */
} hearth_session_options;
#define HEARTH_SESSION_OPTIONS_BYTES 16
HEARTH_API size_t hearth_session_options_size(void);
HEARTH_API hearth_status hearth_session_options_init(hearth_session_options* options,
                                                     size_t struct_size);

/* *session is NULL where it fails. Errors: HEARTH_USAGE (a context beyond what the model was made
 * for), HEARTH_UNAVAILABLE (memory). */
HEARTH_API HEARTH_CHECKED hearth_status hearth_session_create(hearth_model* model,
                                                              const hearth_session_options* options,
                                                              hearth_session** session);

/* Ends the handle; a call that another thread has running ends first. NULL is fine. Errors:
 * HEARTH_USAGE. */
HEARTH_API hearth_status hearth_session_free(hearth_session* session);

/* Forgets all tokens, and the last answer. Errors: HEARTH_USAGE. */
HEARTH_API HEARTH_CHECKED hearth_status hearth_session_reset(hearth_session* session);

/* ---- Cancellation ---------------------------------------------------------------------------- */

/* A flag in the caller's memory that stops the calls it was given to. It must outlive them. Once
 * requested it stays so, for later calls too, until it is initialised again. */
typedef struct hearth_cancel {
  uint64_t state[2];
} hearth_cancel;
#define HEARTH_CANCEL_BYTES 16

/* To be called before the flag is given to a call. NULL does nothing. */
HEARTH_API void hearth_cancel_init(hearth_cancel* cancel);
/* From any thread and from signal handlers. NULL, and one that was not initialised, do nothing. */
HEARTH_API void hearth_cancel_request(hearth_cancel* cancel);

/* ---- Generation ------------------------------------------------------------------------------ */

/* Gets the answer piece by piece, on the thread that generates: never half a character, never part
 * of a stop string, not NUL-terminated, valid during the call. Returns 0 to go on; anything else
 * stops, and the answer's finish reason is HEARTH_FINISH_CANCELLED. */
typedef int32_t (*hearth_text_callback)(void* user, const char* text, size_t bytes);

/* Added to the logit of a token; -INFINITY forbids it. */
typedef struct hearth_logit_bias {
  int32_t token;
  float bias;
} hearth_logit_bias;

#define HEARTH_STOPS_MAX 32
#define HEARTH_STOP_BYTES_MAX 512
HEARTH_API size_t hearth_stops_max(void);
HEARTH_API size_t hearth_stop_bytes_max(void);

typedef struct hearth_generate_options {
  size_t struct_size;
  double temperature;        /* 0 takes the best token; 0..100; default 0.7 */
  double top_p;              /* the best tokens up to this probability; 1: off; default 0.95 */
  double min_p;              /* share of the best token's probability; 0: off; default 0.05 */
  double repetition_penalty; /* above 1: repeat less; 1: off, the default */
  double frequency_penalty;  /* subtracted for each earlier use; default 0 */
  double presence_penalty;   /* subtracted once for earlier use; default 0 */
  int32_t top_k;             /* the k best tokens; 0: off, the default */
  int32_t penalty_tokens;    /* how far back the penalties look; -1: all; default 64 */
  uint64_t seed;             /* same seed, same answer; default 0 */
  const hearth_logit_bias* logit_bias;
  size_t logit_bias_count;
  const hearth_text* stop; /* the answer ends before the first of these to be complete */
  size_t stop_count;     /* up to HEARTH_STOPS_MAX, each 1..HEARTH_STOP_BYTES_MAX bytes of UTF-8 */
  int32_t tokens_max;    /* of the answer; 0: to its end, or that of the context */
  int32_t reserved;      /* RESERVED */
  int64_t deadline_ms;   /* from the call on, waiting for the model included; 0: none */
  hearth_cancel* cancel; /* NULL: none */
  hearth_text_callback on_text; /* NULL: none; hearth_session_read_text() has the answer too */
  void* user;                   /* handed to on_text */
  const char* grammar;          /* RESERVED for a grammar or JSON schema that binds the answer */
  const char* tools;            /* RESERVED for tool calls parsed out of the answer */
  const void* adapter;          /* RESERVED for a LoRA adapter of this request */
} hearth_generate_options;
#define HEARTH_GENERATE_OPTIONS_BYTES 168
HEARTH_API size_t hearth_generate_options_size(void);
HEARTH_API hearth_status hearth_generate_options_init(hearth_generate_options* options,
                                                      size_t struct_size);

enum {
  HEARTH_FINISH_STOP = 0,     /* the model ended its answer, or a stop string did */
  HEARTH_FINISH_LENGTH = 1,   /* tokens_max, or the context is full */
  HEARTH_FINISH_DEADLINE = 2, /* what there was of the answer when the time was over */
  HEARTH_FINISH_CANCELLED = 3 /* cancelled, or stopped by the callback */
};
/* "stop", "length", "deadline", "cancelled"; "unknown" for other numbers. Alive forever. */
HEARTH_API const char* hearth_finish_name(int32_t finish_reason);

/* Set struct_size before. */
typedef struct hearth_result {
  size_t struct_size;
  int32_t finish_reason; /* HEARTH_FINISH_* */
  int32_t prompt_tokens;
  int32_t completion_tokens; /* without the token that ended the answer */
  int32_t cached_tokens;     /* of the prompt, that the session knew already */
  double wait_ms;            /* until the model was free */
  double prefill_ms;         /* from then on, to the end of the prompt */
  double first_token_ms;     /* from then on, to the first token */
  double decode_ms;          /* all tokens after the first */
} hearth_result;
#define HEARTH_RESULT_BYTES 56
HEARTH_API size_t hearth_result_size(void);

/* Answers a prompt, the whole conversation as tokens: what the session holds of it already is not
 * computed again. `result` may be NULL. The session can be used on after every outcome. Errors:
 * HEARTH_USAGE (options; an empty prompt, or one that leaves no room in the context; tokens outside
 * the vocabulary), HEARTH_DEADLINE (before any text), HEARTH_UNSUPPORTED (a RESERVED field; a model
 * that only embeds), HEARTH_CORRUPT (the weights give no numbers), HEARTH_UNAVAILABLE (memory). */
HEARTH_API HEARTH_CHECKED hearth_status
hearth_session_generate(hearth_session* session, const int32_t* tokens, size_t token_count,
                        const hearth_generate_options* options, hearth_result* result);

/* The last answer's text: all of it, also what a callback that stopped did not get. *bytes and NUL
 * as hearth_model_detokenize(). Errors: HEARTH_USAGE (no answer yet; the buffer is too small). */
HEARTH_API HEARTH_CHECKED hearth_status hearth_session_read_text(hearth_session* session,
                                                                 char* text, size_t capacity,
                                                                 size_t* bytes);

/* The last answer's tokens, without the one that ended it, and their natural log-probabilities
 * under the plain softmax (`logprobs` may be NULL). Both have room for `capacity`. *count is always
 * set. Errors: as hearth_session_read_text(). */
HEARTH_API HEARTH_CHECKED hearth_status hearth_session_read_tokens(hearth_session* session,
                                                                   int32_t* tokens, float* logprobs,
                                                                   size_t capacity, size_t* count);

/* ---- Scoring --------------------------------------------------------------------------------- */

/* A sequence of tokens that may follow a context. Borrowed for the call. */
typedef struct hearth_candidate {
  const int32_t* tokens;
  size_t token_count;
} hearth_candidate;

typedef struct hearth_score_options {
  size_t struct_size;
  int64_t deadline_ms;   /* from the call on, waiting for the model included; 0: none */
  hearth_cancel* cancel; /* NULL: none */
  uint64_t reserved;     /* RESERVED */
} hearth_score_options;
#define HEARTH_SCORE_OPTIONS_BYTES 32
HEARTH_API size_t hearth_score_options_size(void);
HEARTH_API hearth_status hearth_score_options_init(hearth_score_options* options,
                                                   size_t struct_size);

/* Set struct_size before. */
typedef struct hearth_score_result {
  size_t struct_size;
  int32_t cached_tokens;    /* of the context, that the session knew already */
  int32_t evaluated_tokens; /* that the model had to read */
  double wait_ms;           /* until the model was free */
} hearth_score_result;
#define HEARTH_SCORE_RESULT_BYTES 24
HEARTH_API size_t hearth_score_result_size(void);

/* How likely each candidate is behind a context: labels, yes or no, several choices. Common
 * beginnings are computed once. logprobs[candidate_count] gets the natural logarithm of each
 * candidate's probability; `token_logprobs`, which may be NULL, has room for all tokens of all
 * candidates, in order, each given what stands before it. `result` may be NULL. The session holds
 * the context afterwards, and its last answer stays. Errors: HEARTH_USAGE (no context, no
 * candidates, an empty one, more than the context holds; tokens outside the vocabulary),
 * HEARTH_DEADLINE, HEARTH_CANCELLED, HEARTH_CORRUPT (the weights give no numbers),
 * HEARTH_UNAVAILABLE (memory). */
HEARTH_API HEARTH_CHECKED hearth_status hearth_session_score(
    hearth_session* session, const int32_t* context, size_t context_count,
    const hearth_candidate* candidates, size_t candidate_count, const hearth_score_options* options,
    double* logprobs, double* token_logprobs, hearth_score_result* result);

/* ---- Saved sessions -------------------------------------------------------------------------- */

/* Gets bytes in order, valid during the call. Returns 0 to go on; anything else stops. */
typedef int32_t (*hearth_write_callback)(void* user, const void* bytes, size_t count);

/* Writes what the session knows, so that it can be gone on with in another process: for
 * SmolLM2-135M 23 kB a token. It contains the conversation's text: seal what you store. The last
 * answer is not part of it. Errors: HEARTH_USAGE, HEARTH_CANCELLED (the callback stopped). */
HEARTH_API HEARTH_CHECKED hearth_status hearth_session_save(hearth_session* session,
                                                            hearth_write_callback write,
                                                            void* user);

/* A new session out of those bytes, which are trusted in nothing and may go afterwards: by the same
 * model, any number of threads. It answers as the saved one would, bit for bit. A context of 0 is
 * that of the saved one. *session is NULL where it fails. Errors: HEARTH_CORRUPT (no saved session,
 * cut short, damaged), HEARTH_UNSUPPORTED (another version), HEARTH_USAGE (by another model or kind
 * of arithmetic; the context), HEARTH_UNAVAILABLE (memory). */
HEARTH_API HEARTH_CHECKED hearth_status
hearth_session_restore(hearth_model* model, const void* bytes, size_t count,
                       const hearth_session_options* options, hearth_session** session);

/* ---- Embeddings ------------------------------------------------------------------------------ */

enum {
  HEARTH_POOLING_DEFAULT = 0, /* what the model's file says, else the mean */
  HEARTH_POOLING_MEAN = 1,    /* of all tokens' vectors */
  HEARTH_POOLING_CLS = 2,     /* that of the first */
  HEARTH_POOLING_LAST = 3     /* that of the last */
};
enum {
  HEARTH_LENGTH_ONE = 0, /* divided by its Euclidean length: a dot product is a cosine */
  HEARTH_LENGTH_OWN = 1  /* as the model gives it */
};

typedef struct hearth_embed_options {
  size_t struct_size;
  int32_t pooling;   /* HEARTH_POOLING_* */
  int32_t length;    /* HEARTH_LENGTH_* */
  uint64_t reserved; /* RESERVED */
} hearth_embed_options;
#define HEARTH_EMBED_OPTIONS_BYTES 24
HEARTH_API size_t hearth_embed_options_size(void);
HEARTH_API hearth_status hearth_embed_options_init(hearth_embed_options* options,
                                                   size_t struct_size);

/* A text as a vector, for search and comparison: of embedding models, and of any other. *count is
 * the model's embedding_size, for any text, and asking for it alone computes nothing. Errors:
 * HEARTH_USAGE (a text of no tokens, or of more than the model was made for; the buffer is too
 * small), HEARTH_UNSUPPORTED (a way of pooling that this version lacks: choose one),
 * HEARTH_CORRUPT (the weights give no numbers), HEARTH_UNAVAILABLE (memory). */
HEARTH_API HEARTH_CHECKED hearth_status hearth_model_embed(hearth_model* model, const char* text,
                                                           size_t bytes,
                                                           const hearth_embed_options* options,
                                                           float* values, size_t capacity,
                                                           size_t* count);

/* ---- Lockdown -------------------------------------------------------------------------------- */

typedef struct hearth_lockdown_options {
  size_t struct_size;
  const char* const* writable; /* folders below which files may still be written; they must exist */
  size_t writable_count;
} hearth_lockdown_options;
#define HEARTH_LOCKDOWN_OPTIONS_BYTES 24
HEARTH_API size_t hearth_lockdown_options_size(void);
HEARTH_API hearth_status hearth_lockdown_options_init(hearth_lockdown_options* options,
                                                      size_t struct_size);

/* Gives up, for the WHOLE PROCESS and FOR GOOD, the means to send anything anywhere: the kernel
 * refuses sockets from here on (seccomp), and writes outside the named folders (Landlock, where the
 * kernel has it: *landlock_abi, which may be NULL, is its version, 0 without). It also closes every
 * descriptor above 2 and turns core dumps off. The library never does this by itself: it is for
 * programs that are about reading prompts and nothing else. Call it first: before other threads
 * run, which hearth_model_load() starts, and before you open what you want to keep. Errors:
 * HEARTH_USAGE (other threads are running; `writable` names no folder), HEARTH_UNAVAILABLE (the
 * kernel refuses: the process may be partly locked down then and should not read a prompt). */
HEARTH_API HEARTH_CHECKED hearth_status hearth_lockdown(const hearth_lockdown_options* options,
                                                        int32_t* landlock_abi);

#ifdef __cplusplus
}
#endif

#endif /* HEARTH_HEARTH_H */
