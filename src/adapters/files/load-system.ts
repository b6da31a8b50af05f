import { searchFolders } from '../host/folders.ts';
import { formatFileErrors } from '../../core/files/file-error.ts';
import type { System } from '../../core/model/system.ts';
import { findSystem, folderOf } from './find.ts';

/** A system file that was read. `folder` is where it lies: manifests and charts are found from there. */
export interface LoadedSystem {
  readonly system: System;
  readonly folder: string;
}

/**
 * Reads a campaign's system file from this worker's own disk: processes and paths come from there, never from a workflow's
 * input or history.
 * @throws Error when it is gone, not valid, or has changed since the campaign was resolved
 */
export function loadSystem(wanted: { readonly name: string; readonly sha256: string }): LoadedSystem {
  const found = findSystem(wanted.name, searchFolders());
  if (!found.ok) throw new Error(formatFileErrors(found.errors));
  if (found.sha256 !== wanted.sha256) {
    throw new Error(
      `system ${wanted.name}: ${found.path} has changed since the campaign was resolved (sha256 ${found.sha256.slice(0, 12)}, was ${wanted.sha256.slice(0, 12)}); put it back, or start a new campaign`,
    );
  }
  return { system: found.value, folder: folderOf(found) };
}
