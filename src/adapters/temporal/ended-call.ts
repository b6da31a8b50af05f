import type { ConnectionOptions } from '@temporalio/client';

/** Sees each attempt of a call of gRPC before it is made. */
export type GrpcInterceptor = NonNullable<ConnectionOptions['interceptors']>[number];

type Call = ReturnType<GrpcInterceptor>;
type Listener = NonNullable<Parameters<Call['start']>[1]>;
type Status = Parameters<NonNullable<Listener['onReceiveStatus']>>[0];

/** `CANCELLED` of gRPC: such a call is not tried again. */
const CANCELLED = 1;

/**
 * A call that ends as soon as it is started, with the reason. It takes the part of one that cannot be made: a closed connection
 * throws. The SDK makes the second attempt of a call in a timer, where that would end the process.
 */
export function endedCall(details: string): Call {
  const call: Pick<Call, keyof Call> = {
    start: (metadata, listener) => {
      const Metadata = metadata.constructor as new () => typeof metadata;
      const status: unknown = { code: CANCELLED, details, metadata: new Metadata() };
      // After the caller has sent its message.
      process.nextTick(() => {
        // The caller of a method with one answer counts on an answer, also before an error.
        listener?.onReceiveMessage?.(null);
        listener?.onReceiveStatus?.(status as Status);
      });
    },
    cancelWithStatus: () => {},
    sendMessageWithContext: () => {},
    sendMessage: () => {},
    startRead: () => {},
    halfClose: () => {},
    getPeer: () => '',
    getAuthContext: () => null,
  };
  return call as Call;
}
