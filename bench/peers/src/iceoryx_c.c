/* iceoryx2 through its C API, one node, at most one publisher and eight subscribers a process: opened once, then messages are
   sent and received. Set up as in iceoryx.rs; what is loaned and received stays on the stack. 0 is well, 1 a message. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "iox2/iceoryx2.h"

enum { MOST = 8, LOANS = 2 };

static iox2_node_h node;
static iox2_publisher_h publisher;
static iox2_subscriber_h subscribers[MOST];
static size_t count;
static size_t words;
static bool is_filled;

int vil_peers_open(const char *root, const char *prefix, size_t size, int filled) {
    words = size / 8;
    is_filled = filled != 0;
    iox2_set_log_level(iox2_log_level_e_FATAL);
    iox2_config_h config = NULL;
    if (iox2_config_default(NULL, &config) != IOX2_OK || iox2_config_global_set_root_path(&config, root) != IOX2_OK ||
        iox2_config_global_set_prefix(&config, prefix) != IOX2_OK) {
        return -1;
    }
    iox2_node_builder_h builder = iox2_node_builder_new(NULL);
    iox2_node_builder_set_config(&builder, &config);
    iox2_node_builder_set_signal_handling_mode(&builder, iox2_signal_handling_mode_e_DISABLED);
    int status = iox2_node_builder_create(builder, NULL, iox2_service_type_e_IPC, &node);
    iox2_config_drop(config);
    return -status;
}

static int service_of(const char *name, size_t cells, size_t consumers, iox2_port_factory_pub_sub_h *service) {
    iox2_service_name_h service_name = NULL;
    int status = iox2_service_name_new(NULL, name, strlen(name), &service_name);
    if (status != IOX2_OK) {
        return -status;
    }
    iox2_service_builder_h any =
        iox2_node_service_builder(&node, NULL, iox2_cast_service_name_ptr(service_name));
    iox2_service_builder_pub_sub_h builder = iox2_service_builder_pub_sub(any);
    status = iox2_service_builder_pub_sub_set_payload_type_details(&builder, iox2_type_variant_e_FIXED_SIZE, "Words", 5,
                                                                   words * 8, 8);
    iox2_service_builder_pub_sub_set_max_publishers(&builder, 1);
    iox2_service_builder_pub_sub_set_max_subscribers(&builder, consumers);
    iox2_service_builder_pub_sub_set_max_nodes(&builder, 2);
    iox2_service_builder_pub_sub_set_history_size(&builder, 0);
    iox2_service_builder_pub_sub_set_subscriber_max_buffer_size(&builder, cells);
    iox2_service_builder_pub_sub_set_subscriber_max_borrowed_samples(&builder, LOANS);
    iox2_service_builder_pub_sub_set_enable_safe_overflow(&builder, false);
    if (status == IOX2_OK) {
        status = iox2_service_builder_pub_sub_open_or_create(builder, NULL, service);
    }
    iox2_service_name_drop(service_name);
    return -status;
}

int vil_peers_publishes(const char *name, size_t cells, size_t consumers) {
    iox2_port_factory_pub_sub_h service = NULL;
    int status = service_of(name, cells, consumers, &service);
    if (status != 0) {
        return status;
    }
    iox2_port_factory_publisher_builder_h builder = iox2_port_factory_pub_sub_publisher_builder(&service, NULL);
    iox2_port_factory_publisher_builder_set_max_loaned_samples(&builder, LOANS);
    iox2_port_factory_publisher_builder_backpressure_strategy(&builder,
                                                              iox2_backpressure_strategy_e_RETRY_UNTIL_DELIVERED);
    return -iox2_port_factory_publisher_builder_create(builder, NULL, &publisher);
}

int vil_peers_subscribes(const char *name, size_t cells, size_t consumers, size_t here) {
    iox2_port_factory_pub_sub_h service = NULL;
    int status = here <= MOST ? service_of(name, cells, consumers, &service) : -1;
    for (count = 0; status == 0 && count < here; count++) {
        iox2_port_factory_subscriber_builder_h builder = iox2_port_factory_pub_sub_subscriber_builder(&service, NULL);
        status = -iox2_port_factory_subscriber_builder_create(builder, NULL, &subscribers[count]);
    }
    return status;
}

static void write_to(uint64_t *to, uint64_t number) {
    if (is_filled) {
        memset(to, (int)(number & 0x7f) + 1, words * 8);
    }
    to[0] = number;
}

static bool is_whole(const uint64_t *from) {
    uint64_t number = from[0];
    uint64_t parts[4] = {0, 0, 0, 0};
    size_t i = 0;
    for (; i + 4 <= words; i += 4) {
        for (size_t part = 0; part < 4; part++) {
            parts[part] += from[i + part];
        }
    }
    for (; i < words; i++) {
        parts[0] += from[i];
    }
    uint64_t word = ((number & 0x7f) + 1) * 0x0101010101010101u;
    return parts[0] + parts[1] + parts[2] + parts[3] == word * (words - 1) + number;
}

int vil_peers_send(uint64_t number) {
    iox2_sample_mut_t storage;
    iox2_sample_mut_h sample = NULL;
    int status = iox2_publisher_loan_slice_uninit(&publisher, &storage, &sample, 1);
    if (status != IOX2_OK) {
        return -status;
    }
    void *payload = NULL;
    iox2_sample_mut_payload_mut(&sample, &payload, NULL);
    write_to(payload, number);
    return -iox2_sample_mut_send(sample, NULL);
}

int vil_peers_discard(uint64_t number) {
    iox2_sample_mut_t storage;
    iox2_sample_mut_h sample = NULL;
    int status = iox2_publisher_loan_slice_uninit(&publisher, &storage, &sample, 1);
    if (status != IOX2_OK) {
        return -status;
    }
    void *payload = NULL;
    iox2_sample_mut_payload_mut(&sample, &payload, NULL);
    *(uint64_t *)payload = number;
    iox2_sample_mut_drop(sample);
    return 0;
}

int vil_peers_receive(size_t subscriber, uint64_t *number) {
    iox2_sample_t storage;
    iox2_sample_h sample = NULL;
    int status = iox2_subscriber_receive(&subscribers[subscriber], &storage, &sample);
    if (status != IOX2_OK) {
        return -status;
    }
    if (sample == NULL) {
        return 0;
    }
    const void *payload = NULL;
    iox2_sample_payload(&sample, &payload, NULL);
    *number = *(const uint64_t *)payload;
    bool is_torn = is_filled && !is_whole(payload);
    iox2_sample_drop(sample);
    return is_torn ? -1 : 1;
}
