import type { ClientsLocals } from './clients/locals.js';
import type { EventsLocals } from './events/locals.js';
import type { LookUpLocals } from './look-up/locals.js';
import type {
  AuthenticationLocals,
  ConfirmSettingLocals,
  OrganizationLocals,
  PreviewLocals,
} from './organization/locals.js';
import type {
  UserActivateLocals,
  UserActivationKeyLocals,
  UserKeyLocals,
  UserLocals,
  UserResetLocals,
} from './user/locals.js';
import type { BulkConfirmLocals, BulkResultLocals, UsersLocals } from './users/locals.js';

/** What each of the administrator's views is rendered with, beside `frame`, by its name. */
export interface AdminViews {
  'admin/organization': OrganizationLocals;
  'admin/authentication': AuthenticationLocals;
  'admin/confirm-setting': ConfirmSettingLocals;
  'admin/preview': PreviewLocals;
  'admin/clients': ClientsLocals;
  'admin/users': UsersLocals;
  'admin/bulk-confirm': BulkConfirmLocals;
  'admin/bulk-result': BulkResultLocals;
  'admin/user': UserLocals;
  'admin/user-activate': UserActivateLocals;
  'admin/user-key': UserKeyLocals;
  'admin/user-activation-key': UserActivationKeyLocals;
  'admin/user-reset': UserResetLocals;
  'admin/events': EventsLocals;
  'admin/look-up': LookUpLocals;
}
