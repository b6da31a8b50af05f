import type { PodMoments } from '../../core/plan/pod-shape.ts';
import type { WatchedPod } from './watched-pod.ts';

/** A Pod whose creation the server acknowledged. */
export interface CreatedPod extends PodMoments {
  readonly slot: number;
  readonly generation: number;
}

/** Gets the answers of the load's requests, so that each Pod that was created can be accounted for. */
export interface PodRecorder {
  /** The server acknowledged the creation of a Pod. */
  created(pod: CreatedPod): void;
  /** The server deleted a Pod, whose last state was in the answer. */
  deleted(pod: WatchedPod): void;
}
