/* Older programs include this; its functions are in zmq.h. */
#include "zmq.h"
