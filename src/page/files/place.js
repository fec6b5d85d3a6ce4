// SPDX-License-Identifier: Apache-2.0
// Where answers are computed that the server says nothing about: on the machine that this page came from.

const is_here = /^(localhost|127\.[\d.]+|\[::1\])$/.test(location.hostname);

export const HERE = is_here ? "On this device" : `On ${location.hostname}`;
export const HERE_IN_A_SENTENCE = is_here ? "on this device" : `on the machine that this page comes from, ${location.hostname}`;
