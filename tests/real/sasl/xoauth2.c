/* A plugin of Cyrus SASL for XOAUTH2, for tests: the client's side alone, with the token as the password, as the plugins have it
   that distributions do not bring. */

#include <stdlib.h>
#include <string.h>

#include <sasl/sasl.h>
#include <sasl/saslplug.h>

/* Asks the program that authenticates for the user's name. */
static int user(const sasl_utils_t *utils, const char **name, unsigned *length)
{
    sasl_getsimple_t *ask;
    void *context;
    int result = utils->getcallback(utils->conn, SASL_CB_AUTHNAME, (sasl_callback_ft *)&ask, &context);
    return result == SASL_OK ? ask(context, SASL_CB_AUTHNAME, name, length) : result;
}

/* The same for the password. */
static int password(const sasl_utils_t *utils, sasl_secret_t **secret)
{
    sasl_getsecret_t *ask;
    void *context;
    int result = utils->getcallback(utils->conn, SASL_CB_PASS, (sasl_callback_ft *)&ask, &context);
    return result == SASL_OK ? ask(utils->conn, context, SASL_CB_PASS, secret) : result;
}

static int begin(void *global, sasl_client_params_t *params, void **context)
{
    (void)global;
    (void)params;
    *context = NULL;
    return SASL_OK;
}

static char *append(char *end, const char *text, size_t length)
{
    memcpy(end, text, length);
    return end + length;
}

/* The one response. A server that says no asks once more with its reason, and wants an empty answer. */
static int step(void *context, sasl_client_params_t *params, const char *question, unsigned question_length,
                sasl_interact_t **prompts, const char **answer, unsigned *answer_length, sasl_out_params_t *out)
{
    static char *response;
    const sasl_utils_t *utils = params->utils;
    const char *name;
    unsigned length;
    sasl_secret_t *secret;
    int result;

    (void)context;
    (void)question;
    (void)prompts;
    *answer = "";
    *answer_length = 0;
    if (question_length > 0)
        return SASL_OK;
    if ((result = user(utils, &name, &length)) != SASL_OK || (result = password(utils, &secret)) != SASL_OK)
        return result;
    if (length == 0)
        length = strlen(name);
    if ((result = params->canon_user(utils->conn, name, length, SASL_CU_AUTHID | SASL_CU_AUTHZID, out)) != SASL_OK)
        return result;
    free(response);
    response = malloc(length + secret->len + 32);
    if (response == NULL)
        return SASL_NOMEM;
    char *end = append(response, "user=", 5);
    end = append(end, name, length);
    end = append(end, "\1auth=Bearer ", 13);
    end = append(end, (const char *)secret->data, secret->len);
    end = append(end, "\1\1", 2);
    *answer = response;
    *answer_length = (unsigned)(end - response);
    out->doneflag = 1;
    return SASL_OK;
}

static void end(void *context, const sasl_utils_t *utils)
{
    (void)context;
    (void)utils;
}

static sasl_client_plug_t plugins[] = {{
    .mech_name = "XOAUTH2",
    .security_flags = SASL_SEC_NOANONYMOUS | SASL_SEC_PASS_CREDENTIALS,
    .features = SASL_FEAT_WANT_CLIENT_FIRST,
    .mech_new = begin,
    .mech_step = step,
    .mech_dispose = end,
}};

int sasl_client_plug_init(const sasl_utils_t *utils, int most, int *version, sasl_client_plug_t **list, int *count)
{
    (void)utils;
    if (most < SASL_CLIENT_PLUG_VERSION)
        return SASL_BADVERS;
    *version = SASL_CLIENT_PLUG_VERSION;
    *list = plugins;
    *count = 1;
    return SASL_OK;
}
